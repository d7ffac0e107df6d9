package engine_test

import (
	"context"
	"path/filepath"
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

// Exchanging a code creates one entry for the login and one for its refresh token.
func TestExchangeStoresTwoEntries(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.token(w.code())
	if entries, err := filepath.Glob(filepath.Join(w.directory, "*.v2")); err != nil || len(entries) != 2 {
		t.Errorf("got entries %v and error %v, want two entries", entries, err)
	}
}

// A refresh token may lack a pointer to its login, because storing the pointer failed or the login has the first format.
// Replacing the token adds the pointer. A process follows a pointer that appears after it has read the entry.
func TestMissingLinkIsStoredLater(t *testing.T) {
	t.Parallel()
	w := newReuseDetectingWorld(t)
	code := w.code()
	storage := w.storage(cache.Options{})
	first, _, err := w.engineOn(&contendedStorage{Storage: storage}).Token(t.Context(), code)
	if err != nil {
		t.Fatal(err)
	}
	carried := with(oauth.RefreshToken, first.RefreshToken.Reveal())
	w.pass(time.Hour)
	process := w.engineOn(&contendedStorage{Storage: storage, before: func() { w.token(code) }})
	if _, warnings, err := process.Token(t.Context(), carried); err != nil || len(warnings) != 0 {
		t.Errorf("got warnings %v and error %v", warnings, err)
	}
	w.counts(1, 1, 0)
}

// contendedStorage is a storage whose claims fail for callers that don't wait. If before is set, it instead runs before the
// first claim.
type contendedStorage struct {
	cache.Storage
	once   sync.Once
	before func()
}

func (s *contendedStorage) Claim(ctx context.Context, key cache.Key, wait cache.Wait) (cache.StorageClaim, error) {
	if s.before != nil {
		s.once.Do(s.before)
	} else if wait == cache.NotAtAll {
		return nil, cache.ErrHeld
	}
	return s.Storage.Claim(ctx, key, wait)
}
