package standin_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/standin"
)

func TestMeRefuses(t *testing.T) {
	t.Parallel()
	clock := newClock()
	server := start(t, standin.WithClock(clock.Now))
	old := refresh(t, server, server.IssueRefreshToken()).str("access_token")
	clock.Advance(time.Hour)
	powerless := refresh(t, server, server.IssueRefreshTokenFor(standin.Login{Scope: "collab:"})).str("access_token")

	for name, c := range map[string]struct {
		token  string
		status int
		member string
		want   string
	}{
		"unknown":         {"nobody's", http.StatusUnauthorized, "errorCode", "not.authenticated"},
		"without a scope": {powerless, http.StatusUnauthorized, "errorCode", "not.authenticated"},
		"expired":         {old, http.StatusForbidden, "int_err_code", "InvalidToken"},
	} {
		for _, path := range []string{"/admin/rest/v1/me", "/identity/v1/Users/me"} {
			if got := askMe(t, server, path, c.token); got.status != c.status || got.str(c.member) != c.want {
				t.Errorf("%s: %s: %d %s", name, path, got.status, got.text)
			}
		}
	}
	if got := get(t, server.URL+"/admin/rest/v1/me"); got.status != http.StatusUnauthorized {
		t.Errorf("no header: %d %s", got.status, got.text)
	}
}
