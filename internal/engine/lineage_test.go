package engine_test

import (
	"sync"
	"testing"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/cache"
	"github.com/terraform-goto/terraform-provider-goto/internal/engine"
	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
)

// All refresh tokens that a login has ever had lead to the same entry. A configuration with any of them never sends the
// server a replaced token.
func TestRefreshTokensOfALoginShareItsEntry(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(*world) engine.Request{"code": (*world).code, "refresh token": (*world).refreshToken} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newReuseDetectingWorld(t)
			requests := []engine.Request{start(w)}
			for range 4 {
				login := w.token(requests[0])
				requests = append(requests, with(oauth.RefreshToken, login.RefreshToken.Reveal()))
				for _, request := range requests {
					if shared := w.token(request); !shared.AccessToken.Equal(login.AccessToken) {
						t.Error("one lineage has two logins")
					}
				}
				w.pass(time.Hour)
			}
			if seen := w.server.Counts(); seen.Token != 4 {
				t.Errorf("%d token requests, want 4", seen.Token)
			}
			w.token(requests[3]) // renewed with a token from the middle of the lineage
			w.token(requests[0])
			w.token(requests[4])
			if seen := w.server.Counts(); seen.Token != 5 || seen.Refused != 0 {
				t.Errorf("%d token requests, %d refused", seen.Token, seen.Refused)
			}
		})
	}
}

// A refresh token may lack a link to its login, because storing the link failed or the login has the first format.
// Replacing the token stores the link. A process follows a link that appears after it has read the entry.
func TestMissingLinkIsStoredLater(t *testing.T) {
	t.Parallel()
	w := newReuseDetectingWorld(t)
	code := w.code()
	withoutLinks := &faultyStorage{Storage: w.storage(cache.Options{}), claim: func(wait cache.Wait) error {
		if wait == cache.NotAtAll {
			return cache.ErrHeld
		}
		return nil
	}}
	carried := with(oauth.RefreshToken, w.tokenOf(w.engineOn(withoutLinks), code).RefreshToken.Reveal())
	w.pass(time.Hour)
	var once sync.Once
	process := w.engineOn(&faultyStorage{Storage: w.storage(cache.Options{}), claim: func(cache.Wait) error {
		once.Do(func() { w.token(code) })
		return nil
	}})
	w.tokenOf(process, carried)
	w.counts(1, 1, 0)
}
