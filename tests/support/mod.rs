//! What every test of the running program needs: the program, and a client that signs and says exactly what it is told.

#![allow(dead_code, reason = "each test binary uses some of it")]

pub mod client;
pub mod proxy;
pub mod s3_server;
pub mod scratch;
pub mod server;
pub mod stack;
pub mod tls;
