package oauth_test

import (
	"testing"

	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
)

func TestNewServer(t *testing.T) {
	t.Parallel()

	const retired = "GoTo has retired the OAuth endpoints on api.getgo.com (/oauth/v2). Use https://authentication.logmeininc.com, which is the default"
	for base, want := range map[string]string{ // the normal form, or the error
		oauth.DefaultAuthenticationURL:         "https://authentication.logmeininc.com",
		"HTTPS://Identity.GoTo.com:443/":       "https://identity.goto.com",
		"identity.goto.com":                    `the address is not an absolute URL like "https://host"`,
		"https://api.getgo.com":                retired,
		"https://API.getgo.com:443/oauth/v2/":  retired,
		"https://api.getgo.com/oauth/v2/token": retired,
		"https://host/oauth/token":             `the address must be the base URL of the endpoints, without "/oauth/token"`,
		"https://host/oauth/authorize/":        `the address must be the base URL of the endpoints, without "/oauth/authorize"`,
	} {
		server, err := oauth.NewServer(base)
		got := server.String()
		if err != nil {
			got += err.Error()
		}
		if got != want {
			t.Errorf("NewServer(%q):\n got %s\nwant %s", base, got, want)
		}
	}
}
