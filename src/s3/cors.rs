//! The CORS configuration of a bucket.

use super::adapter::{Adapter, Asker};
use super::error::{failed, invalid_request, plain};
use crate::gateway::{Cors, CorsFault, CorsRule, GetCors, PutCors};
use s3s::dto::{CORSRule, GetBucketCorsOutput, PutBucketCorsInput, PutBucketCorsOutput};
use s3s::{S3ErrorCode, S3Result};

impl Adapter {
    pub(super) async fn cors(&self, asker: &Asker, bucket: String) -> S3Result<GetBucketCorsOutput> {
        let permitted = self.permit(asker, GetCors { bucket }).await?;
        let cors = self.gateway.cors(&permitted).await.map_err(failed)?;
        Ok(GetBucketCorsOutput { cors_rules: Some(cors.rules().iter().map(shown).collect()) })
    }

    pub(super) async fn put_cors(&self, asker: &Asker, input: PutBucketCorsInput) -> S3Result<PutBucketCorsOutput> {
        let rules = input.cors_configuration.cors_rules.into_iter().map(asked).collect::<S3Result<Vec<_>>>()?;
        let cors = Cors::new(rules).map_err(|fault| match fault {
            CorsFault::Empty => plain(S3ErrorCode::MalformedXML, fault.to_string()),
            _ => invalid_request(fault.to_string()),
        })?;
        self.change_cors(asker, PutCors { bucket: input.bucket, cors: Some(cors) }).await?;
        Ok(PutBucketCorsOutput::default())
    }

    pub(super) async fn change_cors(&self, asker: &Asker, operation: PutCors) -> S3Result<()> {
        let permitted = self.permit(asker, operation).await?;
        self.gateway.put_cors(permitted).await.map_err(failed)
    }
}

fn asked(rule: CORSRule) -> S3Result<CorsRule> {
    let max_age = rule.max_age_seconds.map(u32::try_from).transpose();
    Ok(CorsRule {
        id: rule.id,
        origins: rule.allowed_origins,
        methods: rule.allowed_methods,
        headers: rule.allowed_headers.unwrap_or_default(),
        expose: rule.expose_headers.unwrap_or_default(),
        max_age: max_age.map_err(|_| plain(S3ErrorCode::MalformedXML, "MaxAgeSeconds must not be negative"))?,
    })
}

fn shown(rule: &CorsRule) -> CORSRule {
    let some = |list: &Vec<String>| if list.is_empty() { None } else { Some(list.clone()) };
    CORSRule {
        id: rule.id.clone(),
        allowed_origins: rule.origins.clone(),
        allowed_methods: rule.methods.clone(),
        allowed_headers: some(&rule.headers),
        expose_headers: some(&rule.expose),
        max_age_seconds: rule.max_age.and_then(|seconds| i32::try_from(seconds).ok()),
    }
}
