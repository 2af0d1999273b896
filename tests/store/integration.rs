//! `object_store`'s own suite.

use crate::support::scratch;
use object_store::integration as suite;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use waxseal::store::Millis;
use waxseal::store::disk::{DiskStore, Settings};

pub fn settings() -> Settings {
    static NOW: AtomicU64 = AtomicU64::new(1_767_225_600_000);
    Settings { clock: Arc::new(|| Millis(NOW.fetch_add(1, Ordering::Relaxed))), cache: 16 << 20 }
}

fn on_disk<F: Future<Output = ()>>(case: impl FnOnce(DiskStore) -> F) {
    let folder = scratch::folder();
    let store = DiskStore::create(folder.path(), settings()).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(case(store));
}

#[test]
fn it_puts_gets_deletes_and_lists() {
    on_disk(async |store| suite::put_get_delete_list(&store).await);
}

#[test]
fn it_takes_get_options() {
    on_disk(async |store| suite::get_opts(&store).await);
}

#[test]
fn it_puts_conditionally() {
    on_disk(async |store| suite::put_opts(&store, true).await);
}

#[test]
fn it_streams() {
    on_disk(async |store| suite::stream_get(&store).await);
}

#[test]
fn it_lists_folders() {
    on_disk(async |store| suite::list_uses_directories_correctly(&store).await);
}

#[test]
fn it_lists_with_a_delimiter() {
    on_disk(async |store| suite::list_with_delimiter(&store).await);
}

#[test]
fn it_lists_after_an_offset() {
    on_disk(async |store| suite::list_with_offset_exclusivity(&store).await);
}

#[test]
fn it_lists_in_pages() {
    on_disk(async |store| suite::list_paginated(&store, &store).await);
}

#[test]
fn it_renames_and_copies() {
    on_disk(async |store| suite::rename_and_copy(&store).await);
}

#[test]
fn it_copies_only_to_what_is_not_there() {
    on_disk(async |store| suite::copy_if_not_exists(&store).await);
}

#[test]
fn it_copies_nothing_that_is_not_there() {
    on_disk(async |store| suite::copy_rename_nonexistent_object(&store).await);
}

#[test]
fn it_says_what_is_not_there() {
    on_disk(async |store| {
        suite::get_nonexistent_object(&store, None).await.unwrap_err();
    });
}

#[test]
fn it_uploads_in_parts() {
    on_disk(async |store| {
        suite::multipart(&store, &store).await;
        suite::multipart_out_of_order(&store).await;
        suite::multipart_put_part_out_of_order(&store, &store).await;
    });
}

#[test]
fn of_two_racing_uploads_the_last_to_complete_wins() {
    on_disk(async |store| suite::multipart_race_condition(&store, true).await);
}
