package engine_test

import (
	"testing"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/standin"
)

// Promise 4: regardless of how the server treats the old token, the next one is stored and handed out.
func TestReplacedRefreshTokenIsKept(t *testing.T) {
	t.Parallel()
	for name, behavior := range map[string]func(*standin.Behavior){
		"replaced one dies":         func(*standin.Behavior) {},
		"replaced one lives":        func(b *standin.Behavior) { b.ReplacedTokenLives = true },
		"reuse kills the family":    func(b *standin.Behavior) { b.ReuseKillsFamily = true },
		"reply without one":         func(b *standin.Behavior) { b.ReplaceRefreshToken = standin.Never },
		"the same one is sent back": func(b *standin.Behavior) { b.ReplaceRefreshToken, b.EchoRefreshToken = standin.Never, true },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.replaceAlways()
			replaces := false
			w.server.Configure(func(b *standin.Behavior) {
				behavior(b)
				replaces = b.ReplaceRefreshToken == standin.Always
			})
			request := w.refreshToken()
			for range 5 {
				login := w.token(request)
				w.counts(0, 1, 0)
				if isReplaced := !login.RefreshToken.Equal(request.Grant.Credential); isReplaced != replaces {
					t.Error("the refresh token handed out is not the next one to use")
				}
				w.pass(time.Hour)
			}
		})
	}
}
