package engine_test

import (
	"testing"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/engine"
	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
)

// Every refresh token that a login has had leads to the same entry: whichever of them another configuration is
// given, nobody shows the server a token that was replaced.
func TestRefreshTokensOfOneLoginShareIt(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(*world) engine.Request{"code": (*world).code, "refresh token": (*world).refreshToken} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newKillingWorld(t)
			requests := []engine.Request{start(w)}
			for range 4 {
				login := w.token(requests[0])
				requests = append(requests, with(oauth.RefreshToken, login.RefreshToken.Reveal()))
				for _, request := range requests {
					if shared := w.token(request); !shared.AccessToken.Equal(login.AccessToken) {
						t.Error("two logins of one lineage")
					}
				}
				w.pass(time.Hour)
			}
			if seen := w.server.Counts(); seen.Token != 4 {
				t.Errorf("%d token requests, want 4", seen.Token)
			}
			w.token(requests[3]) // renewed by a token in the middle
			w.token(requests[0])
			w.token(requests[4])
			if seen := w.server.Counts(); seen.Token != 5 || seen.Refused != 0 {
				t.Errorf("%d token requests, %d refused", seen.Token, seen.Refused)
			}
		})
	}
}
