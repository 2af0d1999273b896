//! The store on disk: `object_store`'s own suite, and what it does not ask.

#![expect(unreachable_pub, reason = "a test binary has no outside")]

#[path = "../support/mod.rs"]
mod support;

mod integration;
mod names;
mod own_buckets;
mod promises;
mod s3;
mod versions;
