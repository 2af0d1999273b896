//! The store on disk: `object_store`'s own suite, and what it does not ask.

mod integration;
mod names;
mod promises;
mod versions;
