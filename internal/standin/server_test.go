package standin_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/terraform-goto/terraform-provider-goto/internal/standin"
)

func TestHandlerSharesItsStateBehindTLS(t *testing.T) {
	t.Parallel()
	server := start(t)
	encrypted := httptest.NewTLSServer(server.Handler())
	t.Cleanup(encrypted.Close)

	response, err := encrypted.Client().Get(encrypted.URL + "/.well-known/oauth-authorization-server")
	if err != nil {
		t.Fatal(err)
	}
	var metadata map[string]any
	err = json.NewDecoder(response.Body).Decode(&metadata)
	if err := response.Body.Close(); err != nil {
		t.Error(err)
	}
	if err != nil || metadata["token_endpoint"] != encrypted.URL+"/oauth/token" {
		t.Errorf("%v, token endpoint %v", err, metadata["token_endpoint"])
	}

	request := newRequest(t, http.MethodPost, encrypted.URL+"/oauth/token",
		url.Values{"grant_type": {"refresh_token"}, "refresh_token": {server.IssueRefreshToken()}})
	request.SetBasicAuth(standin.ClientID, standin.ClientSecret)
	response, err = encrypted.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	if err := response.Body.Close(); err != nil || response.StatusCode != http.StatusOK || server.Counts().Granted != 1 {
		t.Errorf("%v, status %d, %+v", err, response.StatusCode, server.Counts())
	}
}

func TestMetadata(t *testing.T) {
	t.Parallel()
	server := start(t)

	got := get(t, server.URL+"/.well-known/oauth-authorization-server")
	for member, want := range map[string]string{
		"issuer":                 server.URL,
		"authorization_endpoint": server.URL + "/oauth/authorize",
		"token_endpoint":         server.URL + "/oauth/token",
		"revocation_endpoint":    server.URL + "/oauth/revoke",
	} {
		if got.str(member) != want {
			t.Errorf("%s is %q", member, got.str(member))
		}
	}
}

func TestRetiredEndpointsHaveNoErrorCode(t *testing.T) {
	t.Parallel()
	server := start(t)

	for name, got := range map[string]reply{
		"token":     post(t, server.URL+"/oauth/v2/token", "grant_type", "refresh_token"),
		"authorize": get(t, server.URL+"/oauth/v2/authorize"),
	} {
		if got.status != http.StatusGone || got.body["error"] != nil ||
			!strings.HasPrefix(got.str("message"), "This endpoint is no longer valid, see ") {
			t.Errorf("%s: %d %s", name, got.status, got.text)
		}
	}
	if got := server.Counts(); got != (standin.Counts{}) {
		t.Errorf("counts %+v", got)
	}
}

func TestOtherPathsAreNotFound(t *testing.T) {
	t.Parallel()
	server := start(t)

	for _, path := range []string{"/favicon.ico", "/oauth/token", "/.well-known/openid-configuration"} {
		if got := get(t, server.URL+path); got.status != http.StatusNotFound || got.str("errorCode") != "NOT_FOUND" {
			t.Errorf("%s: %d %s", path, got.status, got.text)
		}
	}
}

func TestStartRefusesWrongSettings(t *testing.T) {
	t.Parallel()

	for want, option := range map[string]standin.Option{
		"colon":    standin.WithClient("a:b", "s"),
		"absolute": standin.WithRedirectURIs("/relative"),
		"fragment": standin.WithRedirectURIs("https://example.com/#x"),
		"listen":   standin.WithAddress("no such address"),
	} {
		server, err := standin.Start(option)
		if err == nil {
			err = server.Close()
			t.Errorf("%s: it starts, and ends with %v", want, err)
			continue
		}
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	if _, err := standin.Start(standin.WithClient("a", "s"), standin.WithClient("a", "t")); err == nil {
		t.Error("a client registered twice")
	}
}

func TestCloseStopsTheServer(t *testing.T) {
	t.Parallel()
	server, err := standin.Start()
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	}
	response, err := http.DefaultClient.Do(newRequest(t, http.MethodGet, server.URL, nil))
	if err == nil {
		_ = response.Body.Close() // The test has failed already.
		t.Error("it still answers")
	}
}
