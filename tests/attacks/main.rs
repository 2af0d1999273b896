//! What hostile clients try: each case is refused, leaves nothing behind, and the server answers the next request.

#[path = "../support/mod.rs"]
mod support;

mod acl;
mod bodies;
mod encryption;
mod fixture;
mod names;
mod owners;
mod preconditions;
mod presigned;
mod requests;
mod signatures;
