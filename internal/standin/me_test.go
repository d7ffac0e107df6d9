package standin_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-goto/terraform-provider-goto/internal/standin"
)

func TestMe(t *testing.T) {
	t.Parallel()
	server := start(t)
	administrator := []any{"SUPER_USER"}
	engines := func(roles []any) map[string]any {
		return map[string]any{"key": json.Number(standin.AccountKey), "name": "Analytical Engines", "adminRoles": roles}
	}
	other := map[string]any{"key": standin.OtherAccountKey, "name": "Difference Engines", "adminRoles": []any{}}

	for principal, want := range map[string]map[string]any{
		standin.Principal: {
			"key": json.Number(standin.UserKey), "firstName": "Ada", "lastName": "Lovelace",
			"adminRoles": administrator, "accounts": []any{engines(administrator), other},
		},
		standin.OtherPrincipal: {
			"key": json.Number(standin.OtherUserKey), "firstName": "Grace", "lastName": "Hopper",
			"adminRoles": []any{}, "accounts": []any{engines([]any{})},
		},
		"made-up@example.com": {
			"key": json.Number(standin.UserKey), "firstName": "Ada", "lastName": "Lovelace",
			"adminRoles": administrator, "accounts": []any{engines(administrator), other},
		},
	} {
		want["email"], want["accountKey"], want["locale"] = principal, standin.AccountKey, "en_US"
		want["createTime"], want["products"] = json.Number("1462375028000"), []any{"G2M", "G2W"}
		token := refresh(t, server, server.IssueRefreshTokenFor(standin.Login{Principal: principal}))
		got := getMe(t, server, token.str("access_token"))
		if diff := cmp.Diff(want, got.body); diff != "" || got.status != http.StatusOK {
			t.Errorf("%s: %d %s", principal, got.status, diff)
		}
	}
}

func TestSCIM(t *testing.T) {
	t.Parallel()
	server := start(t)

	token := refresh(t, server, server.IssueRefreshTokenFor(standin.Login{Principal: "ada@example.com", Scope: standin.ProfileScope}))
	got := askMe(t, server, "/identity/v1/Users/me", token.str("access_token"))
	want := map[string]any{
		"id":       json.Number(standin.UserKey),
		"userName": "ada@example.com",
		"name":     map[string]any{"givenName": "Ada", "familyName": "Lovelace"},
		"emails":   []any{map[string]any{"value": "ada@example.com", "primary": true}},
		"locale":   "en_US",
		"urn:scim:schemas:extension:getgo:1.0": map[string]any{"accounts": []any{
			map[string]any{"value": json.Number(standin.AccountKey), "display": "Analytical Engines"},
			map[string]any{"value": standin.OtherAccountKey, "display": "Difference Engines"},
		}},
	}
	if diff := cmp.Diff(want, got.body); diff != "" || got.status != http.StatusOK {
		t.Errorf("%d %s", got.status, diff)
	}
	if got := getMe(t, server, token.str("access_token")); got.status != http.StatusUnauthorized {
		t.Errorf("the Admin API: %d %s", got.status, got.text)
	}
	if got := server.Counts(); got.SCIM != 1 || got.Me != 1 {
		t.Errorf("counts %+v", got)
	}
}

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
