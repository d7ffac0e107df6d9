package provider_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/terraform-goto/terraform-provider-goto/internal/standin"
)

func TestRevokeOnClose(t *testing.T) {
	t.Parallel()
	for name, grant := range map[string]func(*world) string{
		"code":          func(w *world) string { return fmt.Sprintf("code = %q", w.server.IssueCode(standin.CodeRequest{})) },
		"refresh token": func(w *world) string { return fmt.Sprintf("refresh_token = %q", w.server.IssueRefreshToken()) },
		"personal access token": func(w *world) string {
			return fmt.Sprintf("personal_access_token = %q", w.server.IssuePersonalAccessToken())
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.server.Configure(func(b *standin.Behavior) { b.ReplaceRefreshToken = standin.Always })
			arguments := grant(w)
			w.run(
				resource.TestStep{Config: echoed(arguments + "\nrevoke_on_close = true")},
				// The login still works, and the cache has none of the revoked tokens.
				resource.TestStep{Config: echoed(arguments)},
			)
			counts := w.server.Counts()
			if counts.Revoke == 0 || counts.Token != counts.Revoke+1 || counts.Refused != 0 || counts.Code > 1 {
				t.Errorf("got %+v, want a revocation for every token except the last", counts)
			}
		})
	}
}

// If GoTo refuses a revocation, the provider warns but does not fail. plugin-testing does not show warnings.
func TestRefusedRevocationDoesNotFail(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	arguments := fmt.Sprintf("personal_access_token = %q\nrevoke_on_close = true", w.server.IssuePersonalAccessToken())
	front := w.front(func(rw http.ResponseWriter, r *http.Request) bool {
		refuse := strings.HasSuffix(r.URL.Path, "/oauth/revoke")
		if refuse {
			rw.WriteHeader(http.StatusNotFound)
		}
		return refuse
	})
	w.set("GOTO_AUTHENTICATION_URL", front.URL)
	w.run(resource.TestStep{Config: echoed(arguments)})
	if counts := w.server.Counts(); counts.Revoke != 0 || counts.Token == 0 {
		t.Errorf("%+v", counts)
	}
}
