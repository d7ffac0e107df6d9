package engine_test

import (
	"testing"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/standin"
)

// Promise 4: regardless of how the server treats the old token, the next one is stored and handed out.
func TestReplacedRefreshTokenIsKept(t *testing.T) {
	t.Parallel()
	for name, behavior := range map[string]standin.Behavior{
		"replaced one dies":         {ReplaceRefreshToken: standin.Always},
		"replaced one lives":        {ReplaceRefreshToken: standin.Always, ReplacedTokenLives: true},
		"reuse kills the family":    {ReplaceRefreshToken: standin.Always, ReuseKillsFamily: true},
		"reply without one":         {ReplaceRefreshToken: standin.Never},
		"the same one is sent back": {ReplaceRefreshToken: standin.Never, EchoRefreshToken: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.server.Configure(func(b *standin.Behavior) {
				b.ReplaceRefreshToken = behavior.ReplaceRefreshToken
				b.ReplacedTokenLives = behavior.ReplacedTokenLives
				b.ReuseKillsFamily = behavior.ReuseKillsFamily
				b.EchoRefreshToken = behavior.EchoRefreshToken
			})
			request := w.refreshToken()
			for range 5 {
				login := w.token(request)
				w.counts(0, 1, 0)
				replaced := !login.RefreshToken.Equal(request.Grant.Credential)
				if replaced != (behavior.ReplaceRefreshToken == standin.Always) {
					t.Error("the refresh token handed out is not the next one to use")
				}
				w.pass(time.Hour)
			}
		})
	}
}
