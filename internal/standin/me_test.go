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
		"unknown":              {"nobody's", http.StatusUnauthorized, "errorCode", "not.authenticated"},
		"without Admin Center": {powerless, http.StatusUnauthorized, "errorCode", "not.authenticated"},
		"expired":              {old, http.StatusForbidden, "int_err_code", "InvalidToken"},
	} {
		if got := getMe(t, server, c.token); got.status != c.status || got.str(c.member) != c.want {
			t.Errorf("%s: %d %s", name, got.status, got.text)
		}
	}
	if got := get(t, server.URL+"/admin/rest/v1/me"); got.status != http.StatusUnauthorized {
		t.Errorf("no header: %d %s", got.status, got.text)
	}
}
