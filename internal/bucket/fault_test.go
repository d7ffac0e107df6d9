package bucket_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/bucket"
	"github.com/terraform-goto/terraform-provider-goto/internal/bucket/servers"
)

var (
	// quick gives up early on a store that hangs.
	quick = bucket.Options{Timeout: 200 * time.Millisecond, Budget: 600 * time.Millisecond}
	// brief gives up early on a store that asks the client to retry later.
	brief = bucket.Options{Budget: 600 * time.Millisecond}
)

func TestMissingBucketIsReported(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, store *servers.Server, name string) {
		b := open(t, store.Location(name+"-not", "prefix", store.Endpoint), bucket.Options{})
		all(t.Context(), b, func(operation bucket.Operation, err error) {
			if store.Scheme == "gs" && operation != bucket.Write && operation != bucket.List {
				return // does not distinguish a missing bucket from a missing object
			}
			expectFailure(t, err, bucket.NoBucket, "Create it")
		})
	})
}

// TestWrongCredentialsAreReported changes the environment, so it runs alone. fake-gcs-server accepts all credentials.
func TestWrongCredentialsAreReported(t *testing.T) {
	const wrong = "d3JvbmcrL3dyb25nd3JvbmcrL3dyb25nd3JvbmcrL3dyb25nd3JvbmcrL3dyb25n"
	for name, test := range map[string]struct {
		scheme   string
		variable string
		reason   bucket.Reason
	}{
		"AWS key":    {"s3", "AWS_ACCESS_KEY_ID", bucket.Refused},
		"AWS secret": {"s3", "AWS_SECRET_ACCESS_KEY", bucket.Refused},
		// Azurite answers AuthorizationFailure, which Azure sends only to known identities; see
		// TestRefusalNamesTheReason.
		"Azure key":       {"azblob", "AZURE_STORAGE_KEY", bucket.Denied},
		"signed on Azure": {"azblob", "AZURE_STORAGE_SAS_TOKEN", bucket.Denied},
	} {
		t.Run(name, func(t *testing.T) {
			store := servers.Shared(t, test.scheme)
			t.Setenv(test.variable, wrong)
			if test.variable == "AZURE_STORAGE_SAS_TOKEN" {
				t.Setenv("AZURE_STORAGE_KEY", "")
				t.Setenv(test.variable, "sv=2024-11-04&ss=b&srt=co&sp=rwdl&se=2099-01-01T00:00:00Z&sig="+wrong)
			}
			b := open(t, store.Location(store.NewBucket(t.Context(), t), "prefix", store.Endpoint), bucket.Options{})
			all(t.Context(), b, func(_ bucket.Operation, err error) {
				expectFailure(t, err, test.reason)
				expectNoneOf(t, err, wrong)
			})
		})
	}
}

// TestMissingCredentialsAreReported changes the environment, so it runs alone.
func TestMissingCredentialsAreReported(t *testing.T) {
	for name := range servers.Environment() {
		if name != "AWS_EC2_METADATA_DISABLED" {
			t.Setenv(name, "")
		}
	}
	t.Setenv("HOME", t.TempDir())
	t.Setenv("PATH", t.TempDir())
	t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", "/does/not/exist")
	t.Setenv("AZURE_TOKEN_CREDENTIALS", "AzureCLICredential") // prevents a search for a managed identity
	for location, word := range map[string]string{
		"s3://bucket?region=eu-central-1": "AWS_ACCESS_KEY_ID",
		"gs://bucket":                     "GOOGLE_APPLICATION_CREDENTIALS",
		"azblob://container?account=name": "az login",
	} {
		all(t.Context(), open(t, location, bucket.Options{}), func(_ bucket.Operation, err error) {
			expectFailure(t, err, bucket.NoCredentials, word)
		})
	}
}

func TestUnreachableStore(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, store *servers.Server, name string) {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		if err := listener.Close(); err != nil {
			t.Fatal(err)
		}
		b := open(t, store.Location(name, "", "http://"+listener.Addr().String()), bucket.Options{})
		all(t.Context(), b, func(_ bucket.Operation, err error) {
			expectFailure(t, err, bucket.Unreachable, "refused", "tried 3 times", "network")
			if errors.Is(err, bucket.ErrAmbiguous) {
				t.Errorf("an unsent write is reported as ambiguous: %v", err)
			}
			expectNoneOf(t, err, "http://", "https response error")
		})
	})
}

func TestHangingStoreTimesOut(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, store *servers.Server, name string) {
		endpoint := through(t, store, func(_ http.ResponseWriter, r *http.Request, _ http.Handler) bool {
			hang(r)
			return true
		})
		all(t.Context(), open(t, store.Location(name, "", endpoint), quick), func(operation bucket.Operation, err error) {
			expectFailure(t, err, bucket.NoAnswer, "network")
			if errors.Is(err, bucket.ErrAmbiguous) != (operation == bucket.Write) {
				t.Errorf("%s: got %v", operation, err)
			}
		})
	})
}

func TestCanceledOperations(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, store *servers.Server, name string) {
		for when, fault := range map[string]func(w http.ResponseWriter, r *http.Request){
			"waiting for an answer": func(_ http.ResponseWriter, r *http.Request) { hang(r) },
			"waiting to try again": func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After", "20")
				refuse(w, store.Scheme, http.StatusServiceUnavailable, "SlowDown", "slow down")
			},
		} {
			ctx, cancel := context.WithCancel(t.Context())
			endpoint := through(t, store, func(w http.ResponseWriter, r *http.Request, _ http.Handler) bool {
				fault(w, r)
				return true
			})
			endpoint = through(t, &servers.Server{Endpoint: endpoint}, func(http.ResponseWriter, *http.Request, http.Handler) bool {
				cancel()
				return false
			})
			_, err := open(t, store.Location(name, "", endpoint), bucket.Options{}).Get(ctx, "object")
			if expectFailure(t, err, bucket.Canceled); !errors.Is(err, context.Canceled) {
				t.Errorf("%s: got %v", when, err)
			}
			all(ctx, open(t, store.Location(name, "", store.Endpoint), bucket.Options{}), func(operation bucket.Operation, err error) {
				if expectFailure(t, err, bucket.Canceled); errors.Is(err, bucket.ErrAmbiguous) {
					t.Errorf("%s, sent nothing: got %v", operation, err)
				}
			})
		}
	})
}

// TestThrottledRequestsAreRetried checks only that the request is retried.
func TestThrottledRequestsAreRetried(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, store *servers.Server, name string) {
		var refusals atomic.Int32
		refusals.Store(8) // shared by the four operations
		endpoint := through(t, store, func(w http.ResponseWriter, _ *http.Request, _ http.Handler) bool {
			if refusals.Add(-1) < 0 {
				return false
			}
			refuse(w, store.Scheme, []int{http.StatusServiceUnavailable, http.StatusTooManyRequests}[refusals.Load()%2], "SlowDown", "slow down")
			return true
		})
		b := open(t, store.Location(name, "", endpoint), bucket.Options{})
		all(t.Context(), b, func(operation bucket.Operation, err error) {
			if err != nil && !errors.Is(err, bucket.ErrNotFound) {
				t.Errorf("%s: %v", operation, err)
			}
		})

		refusals.Store(1 << 20)
		all(t.Context(), open(t, store.Location(name, "", endpoint), brief), func(_ bucket.Operation, err error) {
			expectFailure(t, err, bucket.Busy, "tried")
		})
	})
}

// TestLongRetryAfterIsNotAwaited checks that an operation does not wait for a retry that would be too late.
func TestLongRetryAfterIsNotAwaited(t *testing.T) {
	t.Parallel()
	for _, scheme := range servers.Schemes() {
		var requests atomic.Int32
		endpoint := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			requests.Add(1)
			w.Header().Set("Retry-After", "60")
			refuse(w, scheme, http.StatusServiceUnavailable, "SlowDown", "slow down")
		})
		_, err := open(t, (&servers.Server{Scheme: scheme}).Location("bucket", "", endpoint), bucket.Options{}).Get(t.Context(), "object")
		if expectFailure(t, err, bucket.Busy); requests.Load() != 1 {
			t.Errorf("%s: the store received %d requests", scheme, requests.Load())
		}
	}
}

// TestClockSkewIsCorrected checks that requests are signed again with the store's time, which is a day ahead.
func TestClockSkewIsCorrected(t *testing.T) {
	t.Parallel()
	endpoint := serve(t, func(w http.ResponseWriter, r *http.Request) {
		now := time.Now().Add(24 * time.Hour)
		w.Header().Set("Date", now.UTC().Format(http.TimeFormat))
		signed, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
		if err != nil || now.Sub(signed).Abs() > 15*time.Minute {
			refuse(w, "s3", http.StatusForbidden, "RequestTimeTooSkewed", "the clocks differ")
			return
		}
		refuse(w, "s3", http.StatusNotFound, "NoSuchKey", "no")
	})
	_, err := open(t, (&servers.Server{Scheme: "s3"}).Location("bucket", "", endpoint), bucket.Options{}).Get(t.Context(), "object")
	expectFailure(t, err, bucket.NotFound)
}

// TestUnexpectedRepliesAreErrors answers like a captive portal, for example in a hotel.
func TestUnexpectedRepliesAreErrors(t *testing.T) {
	t.Parallel()
	impatient := bucket.Options{Budget: 100 * time.Millisecond}
	for _, scheme := range servers.Schemes() {
		for _, body := range []string{"", "<html>Welcome</html>", "{}", "null"} {
			for _, status := range []int{http.StatusOK, http.StatusCreated, http.StatusNotFound, http.StatusFound} {
				endpoint := serve(t, func(w http.ResponseWriter, _ *http.Request) {
					w.WriteHeader(status)
					_, _ = w.Write([]byte(body))
				})
				all(t.Context(), open(t, (&servers.Server{Scheme: scheme}).Location("bucket", "", endpoint), impatient), func(operation bucket.Operation, err error) {
					if err == nil && (operation == bucket.Read || operation == bucket.Write) {
						t.Errorf("%s: %s accepts %d %q as success", scheme, operation, status, body)
					}
				})
			}
		}
	}
}

// TestLostAnswerIsAmbiguous drops the connection or answers with a failure after the store has written the object.
func TestLostAnswerIsAmbiguous(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, store *servers.Server, name string) {
		for how, lose := range map[string]func(w http.ResponseWriter){
			"connection broken": func(http.ResponseWriter) { panic(http.ErrAbortHandler) },
			"gateway failed":    func(w http.ResponseWriter) { w.WriteHeader(http.StatusBadGateway) },
		} {
			var losing atomic.Bool
			endpoint := through(t, store, func(w http.ResponseWriter, r *http.Request, pass http.Handler) bool {
				if r.Method == http.MethodGet || !losing.CompareAndSwap(true, false) {
					return false
				}
				pass.ServeHTTP(httptest.NewRecorder(), r)
				lose(w)
				return true
			})
			b := open(t, store.Location(name, "prefix", endpoint), bucket.Options{})
			version := put(t, b, "object", "before", bucket.Absent)
			losing.Store(true)
			_, err := b.Put(t.Context(), "object", []byte("mine"), version)
			if !errors.Is(err, bucket.ErrConflict) || !errors.Is(err, bucket.ErrAmbiguous) {
				t.Errorf("%s: got %v, want a conflict that may be with this write itself", how, err)
			}
			expectContents(t, b, "object", "mine")
			losing.Store(true)
			if err := b.Delete(t.Context(), "object"); err != nil {
				t.Errorf("%s: deleting: %v", how, err)
			}
		}
	})
}

// TestRefusalNamesTheReason checks that messages name the missing permission or the other reason for a refusal.
func TestRefusalNamesTheReason(t *testing.T) {
	t.Parallel()
	type refusal struct {
		status int
		code   string
		reason bucket.Reason
		word   string
	}
	refusals := map[string][]refusal{
		"s3": {
			{http.StatusForbidden, "AccessDenied", bucket.Denied, "s3:"},
			{http.StatusBadRequest, "ExpiredToken", bucket.Expired, "Renew"},
			{http.StatusForbidden, "InvalidAccessKeyId", bucket.Refused, "AWS"},
			{http.StatusMovedPermanently, "PermanentRedirect", bucket.OtherRegion, "region=eu-north-1"},
			{http.StatusBadRequest, "AuthorizationHeaderMalformed", bucket.OtherRegion, "region=eu-north-1"},
			{http.StatusForbidden, "RequestTimeTooSkewed", bucket.ClockSkew, "clock"},
			{http.StatusConflict, "Strange conflict", bucket.Busy, "tried"},
			{http.StatusTeapot, "Strange", bucket.Unexpected, "418 Strange"},
			{http.StatusNotFound, "", bucket.Unexpected, "404"},
			{http.StatusInternalServerError, "InternalError", bucket.Broken, "tried 3 times"},
		},
		"gs": {
			{http.StatusForbidden, "forbidden", bucket.Denied, "storage.objects."},
			{http.StatusUnauthorized, "authError", bucket.Refused, "Application Default"},
			{http.StatusForbidden, "rateLimitExceeded", bucket.Busy, "tried"},
			{http.StatusConflict, "conflict", bucket.Busy, "tried"},
			{http.StatusBadGateway, "", bucket.Broken, "tried 3 times"},
		},
		"azblob": {
			{http.StatusForbidden, "AuthorizationPermissionMismatch", bucket.Denied, "Storage Blob Data Contributor"},
			{http.StatusForbidden, "AuthenticationFailed", bucket.Refused, "az login"},
			{http.StatusPreconditionFailed, "LeaseIdMissing", bucket.Unexpected, "LeaseIdMissing"},
			{http.StatusInternalServerError, "OperationTimedOut", bucket.Broken, "tried 3 times"},
		},
	}
	for scheme, refusals := range refusals {
		for _, refusal := range refusals {
			t.Run(scheme+" "+refusal.code, func(t *testing.T) {
				t.Parallel()
				endpoint := serve(t, func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("X-Amz-Bucket-Region", "eu-north-1")
					refuse(w, scheme, refusal.status, refusal.code, "a reason")
				})
				store := &servers.Server{Scheme: scheme}
				messages := map[string]bool{}
				options := bucket.Options{}
				if refusal.reason == bucket.Busy {
					options = brief
				}
				all(t.Context(), open(t, store.Location("bucket", "prefix", endpoint), options), func(operation bucket.Operation, err error) {
					expectFailure(t, err, refusal.reason, refusal.word)
					if ambiguous := operation == bucket.Write && refusal.status >= 500; errors.Is(err, bucket.ErrAmbiguous) != ambiguous {
						t.Errorf("%s: got %v", operation, err)
					}
					messages[err.Error()] = true
				})
				if len(messages) != 4 {
					t.Errorf("messages do not distinguish the operations: %v", messages)
				}
			})
		}
	}
}

// TestRejectedConditionsAreReported answers like Backblaze B2 and similar stores, which reject conditional writes
// explicitly.
func TestRejectedConditionsAreReported(t *testing.T) {
	t.Parallel()
	for _, scheme := range servers.Schemes() {
		endpoint := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			refuse(w, scheme, http.StatusNotImplemented, "NotImplemented", "a header implies functionality that is not implemented")
		})
		all(t.Context(), open(t, (&servers.Server{Scheme: scheme}).Location("bucket", "", endpoint), bucket.Options{}), func(operation bucket.Operation, err error) {
			reason := bucket.Unexpected
			if operation == bucket.Write {
				reason = bucket.Unconditional
			}
			if expectFailure(t, err, reason, "501"); errors.Is(err, bucket.ErrAmbiguous) {
				t.Errorf("a refused write is reported as ambiguous: %v", err)
			}
		})
	}
}

// TestUntrustedServerIsRefused connects to a name that is not in the certificate, and to a server without TLS.
func TestUntrustedServerIsRefused(t *testing.T) {
	t.Parallel()
	_, port, _ := strings.Cut(strings.TrimPrefix(serveTLS(t, http.NotFound), "https://"), ":")
	plain := serve(t, http.NotFound)
	for _, endpoint := range []string{"https://localhost:" + port, "https" + strings.TrimPrefix(plain, "http")} {
		for _, scheme := range []string{"s3", "azblob"} { // Google's client needs credentials first
			all(t.Context(), open(t, (&servers.Server{Scheme: scheme}).Location("bucket", "", endpoint), bucket.Options{}), func(_ bucket.Operation, err error) {
				expectFailure(t, err, bucket.Untrusted, "certificate")
				if errors.Is(err, bucket.ErrAmbiguous) {
					t.Errorf("an unsent write is reported as ambiguous: %v", err)
				}
			})
		}
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	elsewhere := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("a redirect was followed") })
	for _, scheme := range servers.Schemes() {
		endpoint := serve(t, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere, http.StatusTemporaryRedirect)
		})
		all(t.Context(), open(t, (&servers.Server{Scheme: scheme}).Location("bucket", "", endpoint), bucket.Options{}), func(operation bucket.Operation, err error) {
			if err == nil {
				t.Errorf("%s: %s succeeds", scheme, operation)
			}
		})
	}
}

func TestInvalidNamesAreRefused(t *testing.T) {
	t.Parallel()
	b := open(t, "s3://bucket?region=eu-central-1", bucket.Options{})
	for _, name := range []string{"", ".", "../up", "a/b", "a b", ".hidden"} {
		_, err := b.Get(t.Context(), name)
		expectFailure(t, err, bucket.Misconfigured)
	}
}

// A client cannot use an answer without a version, and the write may have happened.
func TestAnswerWithoutVersionIsAmbiguous(t *testing.T) {
	t.Parallel()
	for _, scheme := range []string{"gs", "azblob"} { // S3 would be probed first
		endpoint := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			if w.WriteHeader(http.StatusOK); scheme == "gs" {
				_, _ = w.Write([]byte("{}"))
			}
		})
		b := open(t, (&servers.Server{Scheme: scheme}).Location("bucket", "", endpoint), bucket.Options{})
		_, err := b.Get(t.Context(), "object")
		expectFailure(t, err, bucket.Unexpected, "without a version")
		_, err = b.Put(t.Context(), "object", nil, bucket.Absent)
		if expectFailure(t, err, bucket.Unexpected, "may have been written"); !errors.Is(err, bucket.ErrAmbiguous) {
			t.Errorf("%s: got %v", scheme, err)
		}
	}
}
