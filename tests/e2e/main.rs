//! The clients people use, against the program as they would run it.

#![expect(unreachable_pub, reason = "a test binary has no outside")]

#[path = "../support/mod.rs"]
mod support;

mod answers;
mod aws_cli;
mod boto3;
mod canary;
mod check;
mod checksums;
mod completes;
mod cors;
mod encryption;
mod forms;
mod https;
mod interrupted;
mod log;
mod machine_roles;
mod object_store;
mod part_copies;
mod part_lists;
mod part_reads;
mod parts;
mod program;
mod rclone;
mod reference;
mod replicas;
mod s3cmd;
mod s3s_e2e;
mod shell;
mod tool;
mod unset;
