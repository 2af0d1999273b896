//! Who asks, and what they may do.

mod forms;
mod permit;
mod principal;

pub use forms::{FormFault, FormSignature};
pub use permit::{Action, Denied, Operation, Permitted, Policy};
pub use principal::{CanonicalId, Principal, UserFault, Users, check_access_key, check_id, check_secret, erase};
