package bucket_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/bucket"
	"github.com/terraform-goto/terraform-provider-goto/internal/bucket/servers"
)

// The token that every issuer in these tests hands out, and a word in it that no message may contain.
const (
	token       = "ya29." + tokenSecret + ".end"
	tokenSecret = "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz"
)

// TestStandardCredentials obtains tokens from each cloud's standard sources. It checks how they are sent, and the error
// when the issuer refuses, for example because the identity has expired. It changes the environment, so it runs alone.
func TestStandardCredentials(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("a process can be told which certificates to trust only on Linux")
	}
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	t.Setenv("AZURE_STORAGE_KEY", "")
	for name, test := range map[string]struct {
		scheme  string
		prepare func(t *testing.T, issuer, secureIssuer string)
		header  string
		want    string
		isFile  bool
	}{
		"AWS container": {"s3", func(t *testing.T, issuer, _ string) {
			t.Setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", issuer+"/aws/container")
		}, "X-Amz-Security-Token", token, false},
		"AWS web identity": {"s3", func(t *testing.T, issuer, _ string) {
			t.Setenv("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/tests")
			t.Setenv("AWS_WEB_IDENTITY_TOKEN_FILE", write(t, "identity", "an identity"))
			t.Setenv("AWS_ENDPOINT_URL_STS", issuer+"/aws/sts")
		}, "X-Amz-Security-Token", token, false},
		"AWS shared files": {"s3", func(t *testing.T, _, _ string) {
			t.Setenv("AWS_PROFILE", "tests")
			t.Setenv("AWS_SHARED_CREDENTIALS_FILE", write(t, "credentials",
				"[tests]\naws_access_key_id = AKIATESTS\naws_secret_access_key = secret\naws_session_token = "+token+"\n"))
		}, "X-Amz-Security-Token", token, true},
		"Google metadata": {"gs", func(t *testing.T, issuer, _ string) {
			t.Setenv("HOME", t.TempDir())
			t.Setenv("GCE_METADATA_HOST", strings.TrimPrefix(issuer, "http://"))
		}, "Authorization", "Bearer " + token, false},
		"Google workload identity": {"gs", func(t *testing.T, _, secureIssuer string) {
			t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", write(t, "google.json", `{"type":"external_account","audience":"//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/p",`+
				`"subject_token_type":"urn:ietf:params:oauth:token-type:jwt","token_url":"`+secureIssuer+`/google/sts",`+
				`"credential_source":{"file":"`+write(t, "subject", "a subject")+`"}}`))
		}, "Authorization", "Bearer " + token, false},
		"Azure managed identity": {"azblob", func(t *testing.T, issuer, _ string) {
			t.Setenv("AZURE_TOKEN_CREDENTIALS", "ManagedIdentityCredential")
			t.Setenv("IDENTITY_ENDPOINT", issuer+"/azure/identity")
			t.Setenv("IDENTITY_HEADER", "tests")
		}, "Authorization", "Bearer " + token, false},
	} {
		t.Run(name, func(t *testing.T) {
			var refusing atomic.Bool
			issuer := func(w http.ResponseWriter, r *http.Request) {
				if refusing.Load() {
					refuse(w, test.scheme, http.StatusBadRequest, "ExpiredToken", "what "+tokenSecret+" is issued for has expired")
					return
				}
				issue(w, r)
			}
			test.prepare(t, serve(t, issuer), serveTLS(t, issuer))
			var got string
			endpoint := serveTLS(t, func(w http.ResponseWriter, r *http.Request) {
				got = r.Header.Get(test.header)
				refuse(w, test.scheme, http.StatusForbidden, "Denied", "echo "+got)
			})
			location := (&servers.Server{Scheme: test.scheme}).Location("bucket", "", endpoint)
			if !test.isFile { // no issuer can refuse a file
				refusing.Store(true)
				_, err := open(t, location, bucket.Options{}).Get(t.Context(), "object")
				expectFailure(t, err, bucket.NoCredentials)
				expectNoneOf(t, err, tokenSecret)
				refusing.Store(false)
			}
			_, err := open(t, location, bucket.Options{}).Get(t.Context(), "object")
			if expectFailure(t, err, bucket.Denied); got != test.want {
				t.Errorf("the request was sent with %q", got)
			}
			expectNoneOf(t, err, tokenSecret)
		})
	}
}

// issue hands out tokens like each cloud's issuers.
func issue(w http.ResponseWriter, r *http.Request) {
	reply := map[string]any{
		"access_token": token, "token_type": "Bearer", "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
		"expires_in": 3600,
	}
	switch {
	case r.URL.Path == "/aws/container":
		reply = map[string]any{"AccessKeyId": "AKIATESTS", "SecretAccessKey": "secret", "Token": token, "Expiration": time.Now().Add(time.Hour)}
	case strings.HasPrefix(r.URL.Path, "/aws/sts"):
		_, _ = w.Write([]byte("<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>AKIATESTS</AccessKeyId>" +
			"<SecretAccessKey>secret</SecretAccessKey><SessionToken>" + token + "</SessionToken><Expiration>" +
			time.Now().Add(time.Hour).UTC().Format(time.RFC3339) + "</Expiration></Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>"))
		return
	case r.URL.Path == "/azure/identity":
		reply["expires_on"] = time.Now().Add(time.Hour).Unix()
		reply["resource"] = "https://storage.azure.com"
	case strings.HasPrefix(r.URL.Path, "/computeMetadata"):
		w.Header().Set("Metadata-Flavor", "Google")
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(reply)
}

// write writes contents to a temporary file and returns its path.
func write(t *testing.T, name, contents string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(contents), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestAWSCABundleIsTrusted trusts the certificates in AWS_CA_BUNDLE. It changes the environment, so it runs alone.
func TestAWSCABundleIsTrusted(t *testing.T) {
	t.Setenv("AWS_CA_BUNDLE", os.Getenv("SSL_CERT_FILE"))
	endpoint := serveTLS(t, func(w http.ResponseWriter, _ *http.Request) { refuse(w, "s3", http.StatusNotFound, "NoSuchKey", "no") })
	_, err := open(t, (&servers.Server{Scheme: "s3"}).Location("bucket", "", endpoint), bucket.Options{}).Get(t.Context(), "object")
	expectFailure(t, err, bucket.NotFound)

	t.Setenv("AWS_CA_BUNDLE", filepath.Join(t.TempDir(), "missing"))
	_, err = open(t, (&servers.Server{Scheme: "s3"}).Location("bucket", "", endpoint), bucket.Options{}).Get(t.Context(), "object")
	expectFailure(t, err, bucket.Misconfigured)
}
