//! Waxseal: the S3 gateway that seals every object.
//!
//! Applications talk plain S3 to it; the backend only ever holds ciphertext. This page is the map of the house,
//! and the table below is law: a module may name another only if its row says so.
//!
//! | Module | May use | Purpose |
//! |---|---|---|
//! | crypto | nothing | the only module that names a cryptography crate |
//! | envelope | crypto | the sealed format, bytes to bytes: `envelope/FORMAT.md` |
//! | store | envelope | the seam to backends: the store on local disk, and that in any S3 |
//! | keyring | crypto, envelope, store | roots, bucket keys and the file that holds them, wrapped |
//! | access | crypto, keyring, store | who asks, and what they may do |
//! | observe | access, store, keyring | what is counted and told of an exchange |
//! | gateway | access, envelope, keyring, observe, store | what each S3 operation means when objects are sealed |
//! | s3 | access, gateway, observe | the S3 protocol: a strict front layer and one thin translator per operation |
//! | server | s3, observe, access | listeners, limits, health and metrics endpoints, drain |
//! | config | access, gateway, keyring, observe, s3, server, store | what an operator may write, and what the program may rely on |
//! | app | config, server, s3, gateway, observe, access, store, keyring, envelope, crypto | settings become a running, then a drained service |
//! | cli | app, config, server, s3, gateway, observe, access, store, keyring, envelope, crypto | one file a command |

pub mod access;
pub mod app;
pub mod cli;
pub mod config;
pub mod crypto;
pub mod envelope;
pub mod gateway;
pub mod keyring;
pub mod observe;
pub mod s3;
pub mod server;
pub mod store;
