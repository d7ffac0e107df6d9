package standin_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/terraform-goto/terraform-provider-goto/internal/standin"
)

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
