package ossupload

// #include "bridge.h"
import "C"

// found is a place where C finds keys.
type found struct {
	name string
	make func(c *call, made **C.oss_credentials, result **C.oss_result)
}

// OIDC says which role is taken on with which OIDC token. What is left empty is taken from the environment.
type OIDC struct {
	// RoleARN is the role, or else the one that ALIBABA_CLOUD_ROLE_ARN names.
	RoleARN string
	// ProviderARN is who vouches for the token, or else ALIBABA_CLOUD_OIDC_PROVIDER_ARN.
	ProviderARN string
	// TokenFile is the path of the token's file, or else ALIBABA_CLOUD_OIDC_TOKEN_FILE.
	TokenFile string
	// SessionName is what the session is called in the role's records, or else ALIBABA_CLOUD_ROLE_SESSION_NAME, or else
	// "oss-upload".
	SessionName string
	// STSEndpoint is the token service's host, or its URL, or else ALIBABA_CLOUD_STS_ENDPOINT, or else that of the region that
	// ALIBABA_CLOUD_STS_REGION names, or else "sts.aliyuncs.com".
	STSEndpoint string
}

// CredentialsFromProfile takes keys from a profile in a file of Alibaba Cloud's command line tools, which is read anew whenever
// a key is wanted. Without a file, those of the tools are looked for: ~/.aliyun/config.json, ~/.alibabacloud/credentials and
// ~/.ossutilconfig. Without a profile, it is the one that ALIBABA_CLOUD_PROFILE names, or else the file's current one.
//
// As with all places where keys are found, [NewBucket] reads the environment, through C: no other goroutine may change it
// meanwhile. Where there is no key, it or the first call that needs one fails with [ErrCredentials].
func CredentialsFromProfile(file, profile string) Credentials {
	return credentialsOf("a profile", func(c *call, made **C.oss_credentials, result **C.oss_result) {
		file, profile := c.optionalText("the path of the file", file), c.optionalText("the profile", profile)
		if c.mistake == "" {
			C.oss_credentials_new_from_profile(file, profile, made, result)
		}
	})
}

// CredentialsFromECSRole takes keys from the RAM role of the ECS instance that the program runs on: the role of this name, or else
// the one that ALIBABA_CLOUD_ECS_METADATA names, or else the one that the instance has.
func CredentialsFromECSRole(role string) Credentials {
	return credentialsOf("the instance's role", func(c *call, made **C.oss_credentials, result **C.oss_result) {
		role := c.optionalText("the role", role)
		if c.mistake == "" {
			C.oss_credentials_new_from_ecs_role(role, made, result)
		}
	})
}

// CredentialsFromOIDC takes on a RAM role with an OIDC token, as pods of a cluster do, for an hour at a time.
func CredentialsFromOIDC(oidc OIDC) Credentials {
	return credentialsOf("a role with a token", func(c *call, made **C.oss_credentials, result **C.oss_result) {
		role, provider := c.optionalText("the ARN of the role", oidc.RoleARN), c.optionalText("the ARN of the provider", oidc.ProviderARN)
		file, session := c.optionalText("the path of the token", oidc.TokenFile), c.optionalText("the name of the session", oidc.SessionName)
		endpoint := c.optionalText("the endpoint of the token service", oidc.STSEndpoint)
		if c.mistake == "" {
			C.oss_credentials_new_from_oidc(role, provider, file, session, endpoint, made, result)
		}
	})
}

// CredentialsFromURI takes keys from what a URL answers with, or else from the one in ALIBABA_CLOUD_CREDENTIALS_URI.
func CredentialsFromURI(uri string) Credentials {
	return credentialsOf("a URL", func(c *call, made **C.oss_credentials, result **C.oss_result) {
		uri := c.optionalText("the URI", uri)
		if c.mistake == "" {
			C.oss_credentials_new_from_uri(uri, made, result)
		}
	})
}

// CredentialsFromProcess takes keys from what a command prints, which a shell runs. It gets no descriptor of the program's, and is
// killed with all that it started when it has not ended after 15 seconds or the call no longer waits for it.
func CredentialsFromProcess(command string) Credentials {
	return credentialsOf("a command", func(c *call, made **C.oss_credentials, result **C.oss_result) {
		command := c.text("the command", command)
		if c.mistake == "" {
			C.oss_credentials_new_from_process(command, made, result)
		}
	})
}

// DefaultCredentials takes keys from the first place that has any, in the order of Alibaba Cloud's own tools: the environment,
// a role with an OIDC token, a profile, the instance's role, a URL. What is there and not whole is an error that says what is
// missing, and no step to the next place.
func DefaultCredentials() Credentials {
	return credentialsOf("the default chain", func(_ *call, made **C.oss_credentials, result **C.oss_result) {
		C.oss_credentials_new_default_chain(made, result)
	})
}

func credentialsOf(name string, make func(*call, **C.oss_credentials, **C.oss_result)) Credentials {
	return Credentials{found: &found{name, make}}
}
