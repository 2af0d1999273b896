//! What hostile clients try: each case is refused, leaves nothing behind, and the server answers the next request.

#![expect(unreachable_pub, reason = "a test binary has no outside")]

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
