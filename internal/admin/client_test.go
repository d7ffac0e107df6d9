package admin_test

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/admin"
	"github.com/terraform-goto/terraform-provider-goto/internal/httpclient"
	"github.com/terraform-goto/terraform-provider-goto/internal/secret"
	"github.com/terraform-goto/terraform-provider-goto/internal/standin"
)

const accessToken = "eyJhbGciOiJub25lIn0.the+access/token.c2ln"

// ask calls GET Me on a server with the given handler and returns the error and the number of requests. Its timeout is
// longer than the slowest machine needs.
func ask(t *testing.T, handler http.HandlerFunc) (failure *admin.Error, requests int64) {
	t.Helper()
	return askWithin(t, time.Minute, handler)
}

// askWithin is like ask but limits the time that the client waits for each reply.
func askWithin(t *testing.T, timeout time.Duration, handler http.HandlerFunc) (failure *admin.Error, requests int64) {
	t.Helper()
	var count atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		count.Add(1)
		handler(w, r)
	}))
	defer server.Close()
	client := &admin.Client{URL: server.URL, UserAgent: "test", HTTP: httpclient.New(timeout), MaxRetries: 1, Now: time.Now}
	person, err := client.Me(t.Context(), secret.New(accessToken))
	if err == nil {
		if person.Key == "" {
			t.Error("no person returned")
		}
		return nil, count.Load()
	}
	failure, ok := errors.AsType[*admin.Error](err)
	if refused, isRefused := errors.AsType[*admin.RefusedError](err); isRefused {
		failure, ok = refused.SCIM, true
	}
	if !ok {
		t.Fatalf("%T %v", err, err)
	}
	if leaks := standin.Leaks(fmt.Appendf(nil, "%v %+v", err, *failure), []string{accessToken}); len(leaks) > 0 {
		t.Errorf("%v: %v", err, leaks)
	}
	return failure, count.Load()
}

func reply(status int, contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func TestMeSendsTheDocumentedRequest(t *testing.T) {
	t.Parallel()
	failure, requests := ask(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || r.URL.Path != "/admin/rest/v1/me" || r.Header.Get("Authorization") != "Bearer "+accessToken ||
			r.Header.Get("Accept") != "application/json" || r.Header.Get("User-Agent") != "test" {
			t.Errorf("got %s %s %v", r.Method, r.URL, r.Header)
		}
		reply(http.StatusOK, "application/json", `{"key":1}`)(w, r)
	})
	if failure != nil || requests != 1 {
		t.Errorf("%v after %d requests", failure, requests)
	}
}

// SCIM gets the same token, but only if the Admin API refuses it.
func TestSCIMIsAskedIfAdminAPIRefuses(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]int64{401: 2, 403: 2, 400: 1, 404: 1} {
		failure, requests := ask(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/admin/rest/v1/me" {
				reply(status, "application/json", `{"errorCode":"not.authenticated"}`)(w, r)
				return
			}
			if r.Method != http.MethodGet || r.URL.Path != "/identity/v1/Users/me" || r.Header.Get("Authorization") != "Bearer "+accessToken {
				t.Errorf("got %s %s %v", r.Method, r.URL, r.Header)
			}
			reply(http.StatusOK, "application/scim+json", `{"id":"1"}`)(w, r)
		})
		if answered := failure == nil; answered != (want == 2) || requests != want {
			t.Errorf("%d: %v after %d requests", status, failure, requests)
		}
	}
}

func TestMeFailures(t *testing.T) {
	t.Parallel()
	const web = "a web page instead of a reply, probably from a gateway or proxy"
	drip := func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusOK)
		for ticker := time.NewTicker(10 * time.Millisecond); ; {
			select {
			case <-r.Context().Done():
				ticker.Stop()
				return
			case <-ticker.C:
				_, _ = io.WriteString(w, " ")
				_ = http.NewResponseController(w).Flush()
			}
		}
	}
	endless := func(w io.Writer) {
		block := []byte(strings.Repeat(" ", 1<<16))
		for {
			if _, err := w.Write(block); err != nil {
				return
			}
		}
	}
	for name, test := range map[string]struct {
		handler  http.HandlerFunc
		status   int
		reason   string
		requests int64
		silent   bool // the reply never ends
	}{
		"401":                 {reply(401, "application/json", `{"errorCode":"not.authenticated","msg":"no"}`), 401, "not.authenticated (no)", 2, false},
		"403":                 {reply(403, "application/json", `{"int_err_code":"InvalidToken","msg":"Invalid token passed"}`), 403, "InvalidToken (Invalid token passed)", 2, false},
		"404":                 {reply(404, "text/html", `<html>`), 404, web, 1, false},
		"429":                 {reply(429, "", ""), 429, "an empty reply", 2, false},
		"500":                 {reply(500, "text/plain", "oops"), 500, "oops", 2, false},
		"502 with a web page": {reply(502, "text/html", `<html>`), 502, web, 2, false},
		"an echo":             {reply(400, "text/plain", "no such token: "+accessToken), 400, "no such token: (secret)", 1, false},
		"escape sequences":    {reply(400, "text/plain", "a\x1b[31mb\r\nc"), 400, "ab c", 1, false},
		"web page":            {reply(200, "text/html", `<html>`), 200, "the reply is not the JSON object that is documented for GET Me", 1, false},
		"empty":               {reply(200, "application/json", ""), 200, "the reply is not the JSON object that is documented for GET Me", 1, false},
		"deeply nested":       {reply(200, "application/json", strings.Repeat("[", 1<<17)), 200, "the reply is not the JSON object that is documented for GET Me", 1, false},
		"without end":         {func(w http.ResponseWriter, _ *http.Request) { endless(w) }, 200, "the reply is longer than 1 MiB", 1, false},
		"gzip bomb": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			endless(gzip.NewWriter(w))
		}, 200, "the reply is longer than 1 MiB", 1, false},
		"a byte at a time": {drip, 200, "the reply was cut off", 1, true},
		"broken off": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, `{"key":`)
		}, 200, "the reply was cut off", 1, false},
		"no reply": {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, 0, "", 2, true},
		"Retry-After of an hour": {func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Retry-After", "3600")
			reply(429, "", "")(w, r)
		}, 429, "an empty reply", 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			timeout := time.Minute
			if test.silent {
				timeout = time.Second
			}
			failure, requests := askWithin(t, timeout, test.handler)
			if failure == nil || failure.Status != test.status || (test.reason != "" && failure.Reason != test.reason) || requests != test.requests {
				t.Errorf("%+v after %d requests", failure, requests)
			}
		})
	}
}

// The Authorization header must not be sent to another address.
func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("request to the other server") }))
	defer other.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		failure, requests := ask(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other.URL, status) })
		if failure == nil || failure.Status != status || !strings.HasPrefix(failure.Reason, "a redirect, which is not followed") || requests != 1 {
			t.Errorf("%+v after %d requests", failure, requests)
		}
	}
}

func TestMeRetriesAfterServerErrors(t *testing.T) {
	t.Parallel()
	var trouble atomic.Bool
	failure, requests := ask(t, func(w http.ResponseWriter, r *http.Request) {
		if trouble.CompareAndSwap(false, true) {
			reply(http.StatusServiceUnavailable, "", "")(w, r)
			return
		}
		reply(http.StatusOK, "application/json", `{"key":"1"}`)(w, r)
	})
	if failure != nil || requests != 2 {
		t.Errorf("%v after %d requests", failure, requests)
	}
}

func TestMeStopsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	}))
	defer server.Close()
	client := &admin.Client{URL: server.URL, HTTP: httpclient.New(time.Minute), MaxRetries: 3, Now: time.Now}
	if _, err := client.Me(ctx, secret.New(accessToken)); err == nil || ctx.Err() == nil {
		t.Errorf("got %v", err)
	}
}
