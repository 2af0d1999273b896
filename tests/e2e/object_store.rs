//! `object_store`'s own suite, through its client of S3, over the program.

use super::support::client::request;
use super::support::server::{ACCESS_KEY, Home, SECRET_KEY};
use object_store::aws::{AmazonS3, AmazonS3Builder, S3CopyIfNotExists};
use object_store::integration as suite;

fn over_s3<F: Future<Output = ()>>(case: impl FnOnce(AmazonS3) -> F) {
    // The client looks for it although it speaks plain HTTP here. It is there already from the second test on.
    let _installed = tokio_rustls::rustls::crypto::ring::default_provider().install_default();
    let home = Home::in_memory();
    let server = home.serve();
    assert_eq!(server.client().send(&request("PUT", "/suite")).status, 200);
    let client = AmazonS3Builder::new()
        .with_endpoint(&server.url)
        .with_allow_http(true)
        .with_region("us-east-1")
        .with_bucket_name("suite")
        .with_access_key_id(ACCESS_KEY)
        .with_secret_access_key(SECRET_KEY)
        .with_copy_if_not_exists(S3CopyIfNotExists::Multipart)
        .build();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(case(client.unwrap()));
}

#[test]
fn it_puts_gets_deletes_and_lists() {
    over_s3(async |store| suite::put_get_delete_list(&store).await);
}

#[test]
fn it_reads_as_it_asks() {
    over_s3(async |store| {
        suite::stream_get(&store).await;
        suite::get_nonexistent_object(&store, None).await.unwrap_err();
        suite::get_opts(&store).await;
    });
}

#[test]
fn it_puts_conditionally_and_with_attributes() {
    over_s3(async |store| {
        suite::put_opts(&store, true).await;
        suite::put_get_attributes(&store).await;
    });
}

#[test]
fn it_lists_folders_offsets_and_pages() {
    over_s3(async |store| suite::list_uses_directories_correctly(&store).await);
    over_s3(async |store| suite::list_with_delimiter(&store).await);
    over_s3(async |store| suite::list_with_offset_exclusivity(&store).await);
    over_s3(async |store| suite::list_paginated(&store, &store).await);
}

#[test]
fn it_copies_and_renames() {
    over_s3(async |store| {
        suite::rename_and_copy(&store).await;
        suite::copy_if_not_exists(&store).await;
        suite::copy_rename_nonexistent_object(&store).await;
    });
}

#[test]
fn it_uploads_in_parts() {
    over_s3(async |store| {
        suite::multipart(&store, &store).await;
        suite::multipart_with_opts(&store, &store).await;
        suite::multipart_out_of_order(&store).await;
        suite::multipart_put_part_out_of_order(&store, &store).await;
    });
}

#[test]
fn of_two_racing_uploads_the_last_to_complete_wins() {
    over_s3(async |store| suite::multipart_race_condition(&store, true).await);
}
