package signin

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/terraform-goto/terraform-provider-goto/internal/engine"
)

// visit passes a request to l like a server would.
func visit(t *testing.T, l *listener, target string, change func(*http.Request)) *httptest.ResponseRecorder {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
	request.Host = l.redirect.Host
	if change != nil {
		change(request)
	}
	recorder := httptest.NewRecorder()
	l.ServeHTTP(recorder, request)
	return recorder
}

func TestLastPageIsShownAfterTheRedirect(t *testing.T) {
	t.Parallel()
	for _, redirectURI := range []string{
		"http://localhost:8976/callback", "http://localhost:8976", "http://LOCALHOST:80/a%20b?from=goto", "http://[::1]:8976//callback",
	} {
		redirect, err := url.Parse(redirectURI)
		if err != nil {
			t.Fatal(err)
		}
		w := newListener(redirect, "goto-STATE")
		query := redirect.Query()
		query.Set("state", "goto-STATE")
		query.Set("code", "AAAA")
		landed := w.path() + "?" + query.Encode()
		if got := visit(t, w, landed, func(r *http.Request) { r.Host = "" }); got.Code != http.StatusMisdirectedRequest {
			t.Errorf("%s: without a Host: status %d", redirectURI, got.Code)
		}
		first := visit(t, w, landed, nil)
		clean, err := redirect.Parse(first.Header().Get("Location"))
		if err != nil || first.Code != http.StatusSeeOther || clean.Host != redirect.Host || clean.EscapedPath() != w.path() || clean.RawQuery != "" {
			t.Errorf("%s: status %d, redirect to %s, error %v", redirectURI, first.Code, clean, err)
		}
		// A program that checks addresses before the browser opens them may have sent the answer already.
		if got := visit(t, w, landed, nil); got.Code != http.StatusConflict || strings.Contains(got.Body.String(), "not used") {
			t.Errorf("%s: second visit: status %d: %s", redirectURI, got.Code, got.Body)
		}
		nobodyWaits, cancel := context.WithCancel(t.Context())
		cancel()
		w.show(nobodyWaits, signedInPage(engine.Login{Principal: "ada@example.com"}, "work"))
		for range 2 { // reloading shows the same page
			if got := visit(t, w, w.path(), nil); got.Code != http.StatusOK || !strings.Contains(got.Body.String(), "Signed in as ada@example.com") {
				t.Errorf("%s: last page: status %d: %s", redirectURI, got.Code, got.Body)
			}
		}
	}
}
