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

	token := refresh(t, server, server.IssueRefreshTokenFor(standin.Login{Principal: "grace@example.com"}))
	got := getMe(t, server, token.str("access_token"))
	want := map[string]any{
		"key":        json.Number(standin.UserKey),
		"accountKey": standin.AccountKey,
		"email":      "grace@example.com",
		"firstName":  "Ada",
		"lastName":   "Lovelace",
		"locale":     "en_US",
		"adminRoles": []any{"SUPER_USER"},
		"accounts": []any{
			map[string]any{
				"key": json.Number(standin.AccountKey), "name": "Analytical Engines", "adminRoles": []any{"SUPER_USER"},
			},
			map[string]any{"key": standin.OtherAccountKey, "name": "Difference Engines", "adminRoles": []any{}},
		},
		"createTime": json.Number("1462375028000"),
		"products":   []any{"G2M", "G2W"},
	}
	if diff := cmp.Diff(want, got.body); diff != "" || got.status != http.StatusOK {
		t.Errorf("%d %s", got.status, diff)
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
