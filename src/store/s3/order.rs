//! In which order versions and markers came in a listing: the SDK tells them apart, and loses it.

use aws_sdk_s3::config::interceptors::AfterDeserializationInterceptorContextRef;
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::error::BoxError;
use std::sync::{Arc, Mutex, PoisonError};

/// Of each entry of one answer whether it is a marker.
#[derive(Clone, Debug, Default)]
pub(super) struct Order(Arc<Mutex<Vec<bool>>>);

impl Order {
    /// What was seen.
    pub(super) fn taken(&self) -> Vec<bool> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Intercept for Order {
    fn name(&self) -> &'static str {
        "Order"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let body = context.response().body().bytes().unwrap_or_default();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = markers(body);
        Ok(())
    }
}

/// Text within XML holds no `<`: what looks like the beginning of an entry is one.
fn markers(xml: &[u8]) -> Vec<bool> {
    let pieces = xml.split(|byte| *byte == b'<').skip(1);
    let name = |piece: &'_ [u8]| piece.split(|byte| b" \t\r\n/>".contains(byte)).next().map(<[u8]>::to_vec);
    pieces
        .filter_map(|piece| match name(piece)?.as_slice() {
            b"Version" => Some(false),
            b"DeleteMarker" => Some(true),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_told_apart_in_their_order() {
        let xml =
            b"<?xml version=\"1.0\"?><ListVersionsResult xmlns=\"x\"><VersionIdMarker/><Version><Key>a&lt;Version&gt;</Key>\
            <VersionId>1</VersionId></Version><DeleteMarker><Key>b</Key></DeleteMarker><Version ><Key>b</Key></Version>\
            </ListVersionsResult>";
        assert_eq!(markers(xml), [false, true, false]);
        assert_eq!(markers(b""), [false; 0]);
    }
}
