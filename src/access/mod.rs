//! Who asks, and what they may do.

mod acl;
mod action;
mod facts;
mod forms;
mod permit;
mod principal;

pub use crate::keyring::is_private;
pub use acl::{Acl, CannedAcl, Grant, Grantee, Permission};
pub use action::Action;
pub use facts::{Facts, Standing};
pub use forms::{FormFault, FormSignature};
pub use permit::{Denied, Object, Operation, Permitted, Policy, Reach};
pub use principal::{CanonicalId, Principal, UserFault, Users, check_access_key, check_id, check_secret, erase};
