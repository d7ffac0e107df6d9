package bucket_test

import (
	"context"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/terraform-goto/terraform-provider-goto/internal/bucket"
	"github.com/terraform-goto/terraform-provider-goto/internal/bucket/servers"
)

// TestMain makes this process trust the certificates of [serveTLS].
func TestMain(m *testing.M) {
	server := httptest.NewTLSServer(http.NotFoundHandler())
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	server.Close()
	file, err := os.CreateTemp("", "certificate")
	if err == nil {
		_, err = file.Write(certificate)
	}
	if err := errors.Join(err, file.Close(), os.Setenv("SSL_CERT_FILE", file.Name())); err != nil {
		panic(err)
	}
	servers.Main(m, func() error { return os.Remove(file.Name()) })
}

// onEach runs a test on each store, each time in a new bucket.
func onEach(t *testing.T, test func(t *testing.T, store *servers.Server, name string)) {
	t.Helper()
	for _, scheme := range servers.Schemes() {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			store := servers.Shared(t, scheme)
			test(t, store, store.NewBucket(t.Context(), t))
		})
	}
}

func open(t *testing.T, location string, options bucket.Options) *bucket.Bucket {
	t.Helper()
	parsed, err := bucket.ParseLocation(location)
	if err != nil {
		t.Fatal(err)
	}
	return bucket.OpenWith(parsed, options)
}

// put writes an object and fails the test if that fails.
func put(t *testing.T, b *bucket.Bucket, name, contents string, ifVersion bucket.Version) bucket.Version {
	t.Helper()
	version, err := b.Put(t.Context(), name, []byte(contents), ifVersion)
	if err != nil {
		t.Fatalf("writing %q: %v", contents, err)
	}
	return version
}

func expectContents(t *testing.T, b *bucket.Bucket, name, contents string) bucket.Object {
	t.Helper()
	object, err := b.Get(t.Context(), name)
	if err != nil || string(object.Contents) != contents {
		t.Fatalf("got %q and error %v, want %q", object.Contents, err, contents)
	}
	return object
}

// expectFailure checks the reason for a failure, and that the message names the operation, the object and words.
func expectFailure(t *testing.T, err error, reason bucket.Reason, words ...string) {
	t.Helper()
	failed, ok := errors.AsType[*bucket.Error](err)
	if !ok || failed.Reason != reason {
		t.Errorf("got error %v, want reason %q", err, reason)
		return
	}
	if strings.Contains(err.Error(), " )") {
		t.Errorf("the message %q has an empty error code", err)
	}
	for _, word := range append(words, string(failed.Operation), failed.Object) {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("the message %q does not contain %q", err, word)
		}
	}
}

// all attempts every operation concurrently and passes each error to check.
func all(ctx context.Context, b *bucket.Bucket, check func(bucket.Operation, error)) {
	operations := map[bucket.Operation]func() error{
		bucket.Read:   func() error { _, err := b.Get(ctx, "object"); return err },
		bucket.Write:  func() error { _, err := b.Put(ctx, "object", []byte("contents"), bucket.Absent); return err },
		bucket.Delete: func() error { return b.Delete(ctx, "object") },
		bucket.List:   func() error { _, err := b.List(ctx, ""); return err },
	}
	type failure struct {
		operation bucket.Operation
		err       error
	}
	failures := make(chan failure, len(operations))
	for operation, attempt := range operations {
		go func() { failures <- failure{operation, attempt()} }()
	}
	for range operations {
		failed := <-failures
		check(failed.operation, failed.err)
	}
}

// through returns the endpoint of a proxy in front of store. The proxy first calls intercept, which reports whether it
// has answered the request.
func through(t *testing.T, store *servers.Server, intercept func(w http.ResponseWriter, r *http.Request, pass http.Handler) bool) string {
	t.Helper()
	pass := store.Handler()
	return store.Behind(serve(t, func(w http.ResponseWriter, r *http.Request) {
		if !intercept(w, r, pass) {
			pass.ServeHTTP(w, r)
		}
	}))
}

// serve starts a server that stops when the test ends, and returns its address.
func serve(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

// serveTLS is like serve with TLS.
func serveTLS(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // the server logs clients that do not trust it
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.URL
}

// refuse answers with a failure in the format of the store for scheme.
func refuse(w http.ResponseWriter, scheme string, status int, code, message string) {
	w.Header().Set("X-Ms-Error-Code", code)
	if scheme == "gs" {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(`{"error":{"message":"` + message + `","errors":[{"reason":"` + code + `"}]}}`))
		return
	}
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	_, _ = w.Write([]byte("<?xml version='1.0'?><Error><Code>" + code + "</Code><Message>" + message + "</Message></Error>"))
}

// hang holds a request until its client disconnects. A server notices that only after it has read the body.
func hang(r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	<-r.Context().Done()
}
