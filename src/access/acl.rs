//! Canned ACLs: what each grants, and to whom. Pure.
//!
//! Whether something is allowed follows from the grants alone, which are those that S3 answers: there is no second list.

use super::principal::{CanonicalId, Principal};
use serde::{Deserialize, Serialize};

/// An ACL by its name in S3. Those of bucket owners are for objects; on a bucket they grant no more than [`Self::Private`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CannedAcl {
    /// Everything to the owner, nothing to others.
    #[default]
    Private,
    /// Besides, reading to everyone.
    PublicRead,
    /// Besides, reading and writing to everyone.
    PublicReadWrite,
    /// Besides, reading to everyone who signs.
    AuthenticatedRead,
    /// Besides, reading to the owner of the bucket.
    BucketOwnerRead,
    /// Besides, everything to the owner of the bucket.
    BucketOwnerFullControl,
}

/// Whom a grant is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Grantee {
    /// Everyone, whether or not they sign.
    AllUsers,
    /// Everyone who signs.
    AuthenticatedUsers,
    /// One user.
    User(CanonicalId),
}

/// What a grant is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// All that follow.
    FullControl,
    /// Of a bucket to list it, of an object to read it.
    Read,
    /// Of a bucket to write and delete objects in it; of an object nothing.
    Write,
    /// To read the ACL.
    ReadAcp,
    /// To change the ACL.
    WriteAcp,
}

/// A permission to a grantee.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// To whom.
    pub to: Grantee,
    /// What.
    pub permission: Permission,
}

/// What is to be known of a bucket or an object to say who may touch it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acl {
    /// Who made it.
    pub owner: CanonicalId,
    /// Who owns the bucket.
    pub bucket_owner: CanonicalId,
    /// What they said of others.
    pub canned: CannedAcl,
}

impl CannedAcl {
    /// Every one.
    pub const ALL: [Self; 6] = [
        Self::Private,
        Self::PublicRead,
        Self::PublicReadWrite,
        Self::AuthenticatedRead,
        Self::BucketOwnerRead,
        Self::BucketOwnerFullControl,
    ];

    /// As `x-amz-acl` has it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Private => "private",
            Self::PublicRead => "public-read",
            Self::PublicReadWrite => "public-read-write",
            Self::AuthenticatedRead => "authenticated-read",
            Self::BucketOwnerRead => "bucket-owner-read",
            Self::BucketOwnerFullControl => "bucket-owner-full-control",
        }
    }

    /// The one that `x-amz-acl` names.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|acl| acl.name() == name)
    }

    /// What it grants to others than the owner.
    fn to_others(self, bucket_owner: &CanonicalId) -> Vec<(Grantee, Permission)> {
        let bucket_owner = || Grantee::User(bucket_owner.clone());
        match self {
            Self::Private => Vec::new(),
            Self::PublicRead => vec![(Grantee::AllUsers, Permission::Read)],
            Self::PublicReadWrite => vec![(Grantee::AllUsers, Permission::Read), (Grantee::AllUsers, Permission::Write)],
            Self::AuthenticatedRead => vec![(Grantee::AuthenticatedUsers, Permission::Read)],
            Self::BucketOwnerRead => vec![(bucket_owner(), Permission::Read)],
            Self::BucketOwnerFullControl => vec![(bucket_owner(), Permission::FullControl)],
        }
    }
}

impl Acl {
    /// Its grants: those to groups, the owner's, and that to the owner of the bucket where that is another.
    #[must_use]
    pub fn grants(&self) -> Vec<Grant> {
        let owner = Grantee::User(self.owner.clone());
        let mut grants: Vec<_> = self.canned.to_others(&self.bucket_owner);
        grants.retain(|(to, _)| *to != owner);
        let groups = grants.iter().take_while(|(to, _)| !matches!(to, Grantee::User(_))).count();
        grants.insert(groups, (owner, Permission::FullControl));
        grants.into_iter().map(|(to, permission)| Grant { to, permission }).collect()
    }

    /// Whether it grants this to whoever asks. An owner without a name of their own, as the anonymous have none, is nobody.
    #[must_use]
    pub fn allows(&self, asker: &Principal, permission: Permission) -> bool {
        let granted = |grant: &Grant| matches!(grant.permission, Permission::FullControl) || grant.permission == permission;
        self.grants().iter().any(|grant| granted(grant) && grant.to.is(asker))
    }

    /// The canned ACL that has these grants and no others, in any order, for the same owners.
    #[must_use]
    pub fn expressing(self, grants: &[Grant]) -> Option<CannedAcl> {
        CannedAcl::ALL.into_iter().find(|canned| {
            let own = Self { canned: *canned, ..self.clone() }.grants();
            own.iter().all(|grant| grants.contains(grant)) && grants.iter().all(|grant| own.contains(grant))
        })
    }
}

impl Grantee {
    fn is(&self, asker: &Principal) -> bool {
        match self {
            Self::AllUsers => true,
            Self::AuthenticatedUsers => !asker.is_anonymous(),
            Self::User(id) => !asker.is_anonymous() && *id == asker.id,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(name: &str) -> CanonicalId {
        CanonicalId(name.into())
    }

    fn user(name: &str) -> Principal {
        Principal { id: id(name), display_name: String::new(), email: None, access_key_id: String::new() }
    }

    fn acl(canned: CannedAcl) -> Acl {
        Acl { owner: id("writer"), bucket_owner: id("owner"), canned }
    }

    #[test]
    fn a_canned_acl_grants_what_s3_says_and_no_more() {
        use Permission::{FullControl, Read, ReadAcp, Write, WriteAcp};
        let (anonymous, other, owner) = (Principal::anonymous(), user("other"), user("owner"));
        for canned in CannedAcl::ALL {
            let (anyone, users, to_owner): (&[Permission], &[Permission], &[Permission]) = match canned {
                CannedAcl::Private => (&[], &[], &[]),
                CannedAcl::PublicRead => (&[Read], &[Read], &[Read]),
                CannedAcl::PublicReadWrite => (&[Read, Write], &[Read, Write], &[Read, Write]),
                CannedAcl::AuthenticatedRead => (&[], &[Read], &[Read]),
                CannedAcl::BucketOwnerRead => (&[], &[], &[Read]),
                CannedAcl::BucketOwnerFullControl => (&[], &[], &[FullControl, Read, Write, ReadAcp, WriteAcp]),
            };
            let acl = acl(canned);
            for permission in [FullControl, Read, Write, ReadAcp, WriteAcp] {
                assert_eq!(acl.allows(&anonymous, permission), anyone.contains(&permission), "{canned:?} {permission:?}");
                assert_eq!(acl.allows(&other, permission), users.contains(&permission), "{canned:?} {permission:?}");
                assert_eq!(acl.allows(&owner, permission), to_owner.contains(&permission), "{canned:?} {permission:?}");
                assert!(acl.allows(&user("writer"), permission), "{canned:?} {permission:?}");
            }
        }
    }

    #[test]
    fn what_nobody_signed_for_is_owned_by_nobody_who_asks() {
        let anonymous = Principal::anonymous();
        let acl = Acl { owner: anonymous.id.clone(), bucket_owner: id("owner"), canned: CannedAcl::Private };
        assert!(!acl.allows(&anonymous, Permission::Read));
    }

    #[test]
    fn grants_are_found_again_as_the_canned_acl_they_came_from() {
        for canned in CannedAcl::ALL {
            let mut grants = acl(canned).grants();
            assert_eq!(acl(CannedAcl::Private).expressing(&grants), Some(canned));
            grants.reverse();
            assert_eq!(acl(CannedAcl::Private).expressing(&grants), Some(canned));
            grants.push(Grant { to: Grantee::User(id("other")), permission: Permission::Read });
            assert_eq!(acl(CannedAcl::Private).expressing(&grants), None);
            assert_eq!(CannedAcl::named(canned.name()), Some(canned));
        }
        assert_eq!(acl(CannedAcl::Private).expressing(&[]), None);
    }
}
