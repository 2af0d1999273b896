//! ListParts and ListMultipartUploads, page by page.

use crate::parts::{Upload, bucket, done, elements, get, refused};
use crate::support::client::{Client, Response};
use percent_encoding::percent_decode_str;

/// Some attempts follow one another within a millisecond here, and still have an order.
#[test]
fn of_many_quick_attempts_the_last_one_counts() {
    let client = bucket("part-lists");
    let upload = Upload::begin_with(&client, "/part-lists/quick", &[]);
    for number in 1..=300 {
        upload.part(number, b"");
        upload.part(number, b"x");
    }
    let sizes = elements(&done(upload.list(""), 200).text(), "Size");
    assert!(sizes.len() == 300 && sizes.iter().all(|size| size == "1"), "{sizes:?}");
}

#[test]
fn parts_are_listed_in_pages_of_any_size() {
    let client = bucket("part-lists");
    let upload = Upload::begin_with(&client, "/part-lists/pages", &[("x-amz-storage-class", "STANDARD_IA")]);
    let numbers = [1, 2, 3, 70, 9_999, 10_000];
    for number in numbers {
        upload.part(number, b"first attempt");
        upload.part(number, &vec![b'x'; number as usize]);
    }
    for size in [1, 2, 5, 6, 7, 1_000] {
        let (mut found, mut marker, mut pages) = (Vec::new(), "0".to_owned(), 0);
        loop {
            let page = done(upload.list(&format!("max-parts={size}&part-number-marker={marker}")), 200);
            let text = page.text();
            let (here, sizes) = (elements(&text, "PartNumber"), elements(&text, "Size"));
            assert_eq!(here, sizes, "the newest attempt of each is as long as its number says");
            assert_eq!(page.element("PartNumberMarker"), marker);
            assert_eq!(page.element("MaxParts"), size.to_string());
            found.extend(here.iter().map(|number| number.parse::<u32>().unwrap()));
            pages += 1;
            if page.element("IsTruncated") == "false" {
                break;
            }
            marker = page.element("NextPartNumberMarker");
            assert_eq!(here.last(), Some(&marker));
        }
        assert_eq!(found, numbers, "in pages of {size}");
        assert_eq!(pages, numbers.len().div_ceil(size));
    }
    let page = done(upload.list(""), 200);
    assert_eq!(page.element("StorageClass"), "STANDARD_IA");
    let (ids, names) = (elements(&page.text(), "ID"), elements(&page.text(), "DisplayName"));
    assert!(ids.len() == 2 && ids[0] == ids[1], "{ids:?}");
    assert_eq!(names, ["administrator", "administrator"]);
    assert_eq!(elements(&done(upload.list("part-number-marker=10000"), 200).text(), "PartNumber"), Vec::<String>::new());
    refused(&upload.list("max-parts=-1"), 400, "InvalidArgument");
    done(upload.abort(), 204);
}

/// What a page of uploads shows: keys with ids, and common prefixes.
fn shown(page: &Response) -> (Vec<(String, String)>, Vec<String>) {
    let decode = |text: &String| percent_decode_str(text).decode_utf8().unwrap().into_owned();
    let text = page.text();
    let keys: Vec<String> = elements(&text, "Key").iter().map(decode).collect();
    let ids = elements(&text, "UploadId");
    assert_eq!(keys.len(), ids.len());
    let groups = text.split("<CommonPrefixes>").skip(1).map(|group| elements(group, "Prefix").remove(0));
    let groups: Vec<String> = groups.collect();
    (keys.into_iter().zip(ids).collect(), groups.iter().map(decode).collect())
}

fn all(client: &Client, query: &str, size: usize) -> (Vec<(String, String)>, Vec<String>) {
    let (mut uploads, mut groups, mut markers) = (Vec::new(), Vec::new(), String::new());
    for _ in 0..100 {
        let asked = format!("/upload-lists?uploads=&encoding-type=url&max-uploads={size}{query}{markers}");
        let page = done(client.send(&get(&asked)), 200);
        let (more, prefixes) = shown(&page);
        assert!(more.len() + prefixes.len() <= size);
        uploads.extend(more);
        groups.extend(prefixes);
        if page.element("IsTruncated") == "false" {
            return (uploads, groups);
        }
        let key = page.element("NextKeyMarker").replace('/', "%2F");
        let id = page.element("NextUploadIdMarker");
        markers = format!("&key-marker={key}");
        if !id.is_empty() {
            markers = format!("{markers}&upload-id-marker={id}");
        }
    }
    panic!("the pages of {query} by {size} do not end");
}

#[test]
fn uploads_are_listed_in_pages_with_markers_prefixes_and_delimiters() {
    let client = bucket("upload-lists");
    let keys = ["a", "a", "a/1", "a/2", "a/b/3", "a0", "b//c", "b//c", "c%20d", "%C3%A4", "z!"];
    let mut begun: Vec<(String, String)> = Vec::new();
    for key in keys {
        let upload = Upload::begin(&client, &format!("/upload-lists/{key}"));
        begun.push((percent_decode_str(key).decode_utf8().unwrap().into_owned(), upload.id));
    }
    begun.sort();
    for size in [1, 2, 3, 4, 11, 1_000] {
        assert_eq!(all(&client, "", size), (begun.clone(), vec![]), "by {size}");
        let (uploads, groups) = all(&client, "&delimiter=%2F", size);
        let plain: Vec<_> = begun.iter().filter(|(key, _)| !key.contains('/')).cloned().collect();
        assert_eq!((uploads, groups), (plain, vec!["a/".to_owned(), "b/".to_owned()]), "by {size}");
        let (uploads, groups) = all(&client, "&prefix=a%2F&delimiter=%2F", size);
        let within: Vec<_> = begun.iter().filter(|(key, _)| ["a/1", "a/2"].contains(&key.as_str())).cloned().collect();
        assert_eq!((uploads, groups), (within, vec!["a/b/".to_owned()]), "by {size}");
    }
    // Behind one upload of a key, and behind all of them.
    let of_a: Vec<&(String, String)> = begun.iter().filter(|(key, _)| key == "a").collect();
    let behind =
        |query: &str| shown(&done(client.send(&get(&format!("/upload-lists?uploads=&encoding-type=url&{query}"))), 200)).0;
    assert_eq!(behind("key-marker=a"), begun[2..]);
    assert_eq!(behind(&format!("key-marker=a&upload-id-marker={}", of_a[0].1)), begun[1..]);
    assert_eq!(behind(&format!("key-marker=a&upload-id-marker={}", of_a[1].1)), begun[2..]);
    let page = done(client.send(&get("/upload-lists?uploads=&prefix=z")), 200);
    assert_eq!(page.element("StorageClass"), "STANDARD");
    assert_eq!(elements(&page.text(), "DisplayName"), ["administrator", "administrator"]);
    assert!(!page.element("Initiated").is_empty());
    refused(&client.send(&get("/upload-lists?uploads=&encoding-type=xml")), 400, "InvalidArgument");
    refused(&client.send(&get("/upload-lists?uploads=&max-uploads=-1")), 400, "InvalidArgument");
    for (key, id) in &begun {
        let path = format!("/upload-lists/{}", percent_encoding::utf8_percent_encode(key, ENCODED));
        done(Upload { client: client.clone(), path, id: id.clone() }.abort(), 204);
    }
    assert_eq!(all(&client, "", 10), (vec![], vec![]));
}

const ENCODED: &percent_encoding::AsciiSet =
    &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'/');
