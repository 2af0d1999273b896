//! ACLs: by name, and as XML of grants.

use super::adapter::{Adapter, Asker};
use super::error::{failed, invalid_argument, invalid_request, not_implemented, plain};
use super::versions::version;
use crate::access::{Acl, CannedAcl, CanonicalId, Grant, Grantee, Permission};
use crate::gateway::{AclAsked, GetBucketAcl, GetObjectAcl, PutBucketAcl, PutObjectAcl};
use s3s::dto::{
    self, AccessControlPolicy, BucketCannedACL, GetBucketAclOutput, GetObjectAclInput, GetObjectAclOutput, ObjectCannedACL,
    Owner, PutBucketAclInput, PutObjectAclInput, Type,
};
use s3s::{S3ErrorCode, S3Result};

const ALL_USERS: &str = "http://acs.amazonaws.com/groups/global/AllUsers";
const AUTHENTICATED_USERS: &str = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers";
const LOG_DELIVERY: &str = "http://acs.amazonaws.com/groups/s3/LogDelivery";

/// Canned ACLs of AWS that name its own services.
const OF_SERVICES: [&str; 2] = ["aws-exec-read", "log-delivery-write"];

/// Permissions by the name S3 gives them.
const PERMISSIONS: [(Permission, &str); 5] = [
    (Permission::FullControl, "FULL_CONTROL"),
    (Permission::Read, "READ"),
    (Permission::Write, "WRITE"),
    (Permission::ReadAcp, "READ_ACP"),
    (Permission::WriteAcp, "WRITE_ACP"),
];

/// The most grants of an ACL, as S3 has it.
const GRANTS_MAX: usize = 100;

/// The ACL that `x-amz-acl` names, if it is there.
///
/// # Errors
/// `InvalidArgument` for a name that is none, `NotImplemented` for those of services.
pub(super) fn canned(name: Option<&str>) -> S3Result<Option<CannedAcl>> {
    match name {
        None => Ok(None),
        Some(name) if OF_SERVICES.contains(&name) => Err(not_implemented(&format!("x-amz-acl: {name}"))),
        Some(name) => CannedAcl::named(name).map(Some).ok_or_else(|| invalid_argument("x-amz-acl names no canned ACL")),
    }
}

/// Grants by headers, which no operation takes.
macro_rules! no_grants {
    ($input:expr) => {
        $crate::s3::about::refuse(&[
            ($input.grant_full_control.is_some(), "x-amz-grant-full-control"),
            ($input.grant_read.is_some(), "x-amz-grant-read"),
            ($input.grant_read_acp.is_some(), "x-amz-grant-read-acp"),
            ($input.grant_write_acp.is_some(), "x-amz-grant-write-acp"),
        ])
    };
}
pub(super) use no_grants;

impl Adapter {
    pub(super) async fn bucket_acl(&self, asker: &Asker, bucket: String) -> S3Result<GetBucketAclOutput> {
        let permitted = self.permit(asker, GetBucketAcl { bucket }).await?;
        let acl = self.gateway.bucket_acl(&permitted).await.map_err(failed)?;
        Ok(GetBucketAclOutput { grants: Some(self.grants(&acl)), owner: Some(self.owner(&acl.owner.0)) })
    }

    pub(super) async fn put_bucket_acl(&self, asker: &Asker, input: PutBucketAclInput) -> S3Result<()> {
        no_grants!(input)?;
        super::about::refuse(&[(input.grant_write.is_some(), "x-amz-grant-write")])?;
        let name = input.acl.as_ref().map(BucketCannedACL::as_str);
        let acl = self.asked_acl(canned(name)?, input.access_control_policy)?;
        let permitted = self.permit(asker, PutBucketAcl { bucket: input.bucket, acl }).await?;
        self.gateway.put_bucket_acl(permitted).await.map_err(failed)
    }

    pub(super) async fn object_acl(&self, asker: &Asker, input: GetObjectAclInput) -> S3Result<GetObjectAclOutput> {
        let version = input.version_id.as_deref().map(version).transpose()?;
        let permitted = self.permit(asker, GetObjectAcl { bucket: input.bucket, key: input.key, version }).await?;
        let acl = self.gateway.object_acl(permitted).await.map_err(|error| self.integrity(error))?;
        let (grants, owner) = (Some(self.grants(&acl)), Some(self.owner(&acl.owner.0)));
        Ok(GetObjectAclOutput { grants, owner, ..GetObjectAclOutput::default() })
    }

    pub(super) async fn put_object_acl(&self, asker: &Asker, input: PutObjectAclInput) -> S3Result<()> {
        no_grants!(input)?;
        super::about::refuse(&[(input.grant_write.is_some(), "x-amz-grant-write")])?;
        let name = input.acl.as_ref().map(ObjectCannedACL::as_str);
        let acl = self.asked_acl(canned(name)?, input.access_control_policy)?;
        let version = input.version_id.as_deref().map(version).transpose()?;
        let permitted = self.permit(asker, PutObjectAcl { bucket: input.bucket, key: input.key, version, acl }).await?;
        self.gateway.put_object_acl(permitted).await.map_err(|error| self.integrity(error))
    }

    /// An owner as S3 shows them. One who is no user any more is shown by their id alone.
    pub(super) fn owner(&self, id: &str) -> Owner {
        let known = if *id == *self.anonymous.id.0 { Some(&self.anonymous) } else { self.users.by_id(id) };
        Owner { display_name: known.map(|owner| owner.display_name.clone()), id: Some(id.to_owned()) }
    }

    fn grants(&self, acl: &Acl) -> Vec<dto::Grant> {
        acl.grants().iter().map(|grant| self.grant(grant)).collect()
    }

    fn grant(&self, grant: &Grant) -> dto::Grant {
        let group = |uri: &str| dto::Grantee {
            type_: Type::from_static(Type::GROUP),
            uri: Some(uri.to_owned()),
            display_name: None,
            email_address: None,
            id: None,
        };
        let grantee = match &grant.to {
            Grantee::AllUsers => group(ALL_USERS),
            Grantee::AuthenticatedUsers => group(AUTHENTICATED_USERS),
            Grantee::User(id) => {
                let Owner { display_name, id } = self.owner(&id.0);
                let type_ = Type::from_static(Type::CANONICAL_USER);
                dto::Grantee { type_, uri: None, display_name, email_address: None, id }
            }
        };
        let name = PERMISSIONS.iter().find(|(of, _)| *of == grant.permission).map(|(_, name)| (*name).to_owned().into());
        dto::Grant { grantee: Some(grantee), permission: name }
    }

    /// The ACL of a request, which says it in one way.
    fn asked_acl(&self, canned: Option<CannedAcl>, policy: Option<AccessControlPolicy>) -> S3Result<AclAsked> {
        match (canned, policy) {
            (Some(canned), None) => Ok(AclAsked::Canned(canned)),
            (None, Some(policy)) => self.of_xml(policy),
            (Some(_), Some(_)) => Err(invalid_request("an ACL is said by x-amz-acl or by a body, not both")),
            (None, None) => {
                Err(plain(S3ErrorCode::MissingSecurityHeader, "your request was missing a required header: x-amz-acl"))
            }
        }
    }

    fn of_xml(&self, policy: AccessControlPolicy) -> S3Result<AclAsked> {
        let malformed = || plain(S3ErrorCode::MalformedACLError, "the XML you provided was not well-formed or is no ACL");
        let owner = policy.owner.and_then(|owner| owner.id).ok_or_else(malformed)?;
        let grants = policy.grants.unwrap_or_default();
        if grants.len() > GRANTS_MAX {
            return Err(malformed());
        }
        let read = |grant: dto::Grant| -> S3Result<Grant> {
            let (grantee, permission) = grant.grantee.zip(grant.permission).ok_or_else(malformed)?;
            let permission = PERMISSIONS.iter().find(|(_, name)| *name == permission.as_str());
            let (permission, _) = permission.ok_or_else(malformed)?;
            Ok(Grant { to: self.grantee(grantee)?, permission: *permission })
        };
        let grants = grants.into_iter().map(read).collect::<S3Result<Vec<_>>>()?;
        Ok(AclAsked::Grants(CanonicalId(owner.into()), grants))
    }

    fn grantee(&self, grantee: dto::Grantee) -> S3Result<Grantee> {
        let malformed = || plain(S3ErrorCode::MalformedACLError, "a grantee is not said as its type needs");
        match grantee.type_.as_str() {
            Type::CANONICAL_USER => {
                let known = self.users.by_id(&grantee.id.ok_or_else(malformed)?);
                known.map(|user| Grantee::User(user.id.clone())).ok_or_else(|| invalid_argument("invalid id"))
            }
            Type::AMAZON_CUSTOMER_BY_EMAIL => {
                let known = self.users.by_email(&grantee.email_address.ok_or_else(malformed)?);
                known.map(|user| Grantee::User(user.id.clone())).ok_or_else(|| {
                    let why = "the email address you provided does not match any account on record";
                    plain(S3ErrorCode::UnresolvableGrantByEmailAddress, why)
                })
            }
            Type::GROUP => match grantee.uri.ok_or_else(malformed)?.as_str() {
                ALL_USERS => Ok(Grantee::AllUsers),
                AUTHENTICATED_USERS => Ok(Grantee::AuthenticatedUsers),
                LOG_DELIVERY => Err(not_implemented("a grant to LogDelivery")),
                _ => Err(invalid_argument("invalid group uri")),
            },
            _ => Err(malformed()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_canned_acl_is_known_by_its_name_or_refused() {
        for acl in CannedAcl::ALL {
            assert_eq!(canned(Some(acl.name())).unwrap(), Some(acl));
        }
        assert_eq!(canned(None).unwrap(), None);
        assert_eq!(*canned(Some("public-ready")).unwrap_err().code(), S3ErrorCode::InvalidArgument);
        assert_eq!(*canned(Some("")).unwrap_err().code(), S3ErrorCode::InvalidArgument);
        assert_eq!(*canned(Some("log-delivery-write")).unwrap_err().code(), S3ErrorCode::NotImplemented);
    }
}
