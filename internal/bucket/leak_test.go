package bucket_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/terraform-goto/terraform-provider-goto/internal/bucket"
	"github.com/terraform-goto/terraform-provider-goto/internal/bucket/servers"
)

// expectNoneOf checks that no formatting of an error contains a secret.
func expectNoneOf(t *testing.T, err error, secrets ...string) {
	t.Helper()
	for _, format := range []string{"%v", "%+v", "%#v", "%q"} {
		text := fmt.Sprintf(format, err)
		for _, secret := range secrets {
			if strings.Contains(text, secret) {
				t.Errorf("the error formatted with %s shows the secret %q: %s", format, secret, text)
			}
		}
	}
}

// TestErrorsDoNotRepeatEchoedSecrets uses a server that echoes every request. It changes the environment, so it runs
// alone.
func TestErrorsDoNotRepeatEchoedSecrets(t *testing.T) {
	const (
		accessKey = "AKIAIOSFODNN7EXAMPLE"
		secretKey = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
		session   = "FwoGZXIvYXdzEBYaDP0/abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJ"
		signature = "c2lnbmF0dXJlLXRoYXQtbXVzdC1ub3QtbGVhaw"
	)
	accountKey := base64.StdEncoding.EncodeToString([]byte(secretKey + secretKey))
	t.Setenv("AWS_ACCESS_KEY_ID", accessKey)
	t.Setenv("AWS_SECRET_ACCESS_KEY", secretKey)
	t.Setenv("AWS_SESSION_TOKEN", session)
	for name, key := range map[string]string{"with keys": accountKey, "with signed URLs": ""} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("AZURE_STORAGE_KEY", key)
			t.Setenv("AZURE_STORAGE_SAS_TOKEN", "?sv=2024-11-04&sig="+signature)
			for _, scheme := range servers.Schemes() {
				var mutex sync.Mutex
				var sent []string
				endpoint := serve(t, func(w http.ResponseWriter, r *http.Request) {
					authorization := r.Header.Get("Authorization")
					mutex.Lock()
					sent = append(sent, authorization)
					mutex.Unlock()
					echo := strings.Join([]string{authorization, r.Header.Get("X-Amz-Security-Token"), "http://" + r.Host + r.RequestURI, secretKey, accountKey}, " ")
					w.Header().Set("Location", "http://"+r.Host+r.RequestURI)
					refuse(w, scheme, http.StatusForbidden, "Echo", echo)
				})
				b := open(t, (&servers.Server{Scheme: scheme}).Location("bucket", "", endpoint), bucket.Options{})
				all(t.Context(), b, func(_ bucket.Operation, err error) {
					expectFailure(t, err, bucket.Denied)
					expectNoneOf(t, err, accessKey, secretKey, session, signature, accountKey, "Signature=0", "?sv=")
					mutex.Lock()
					defer mutex.Unlock()
					for _, authorization := range sent {
						if _, proof, found := strings.Cut(authorization, "Signature="); found {
							expectNoneOf(t, err, proof)
						}
					}
				})
			}
		})
	}
}

func TestCleanMasksSecrets(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"AccessDenied: not  authorized.\n":                                       "AccessDenied: not authorized",
		"Get \"https://host/object?X-Amz-Signature=abc\": EOF":                   "Get \"https://host/object…\": EOF",
		"proxy http://name:password@host:80 failed":                              "proxy http:…host:80 failed",
		"key AKIAIOSFODNN7EXAMPLE is unknown":                                    "key … is unknown",
		"token ya29.abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ is bad": "token ya29.… is bad",
		"\x1b[31mred\u202e":                                                      "[31mred",
		"failed\nResponse: {\"refresh_token\":\"x\"}":                            "failed",
	} {
		if got := bucket.Clean(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
	if got := bucket.Clean(strings.Repeat("word ", 1000)); len([]rune(got)) != 301 {
		t.Errorf("a long text is cut to %d characters", len([]rune(got)))
	}
}
