package engine_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/cache"
	"github.com/terraform-goto/terraform-provider-goto/internal/engine"
	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
	"github.com/terraform-goto/terraform-provider-goto/internal/standin"
)

// Promise 2 and the life of a code: nothing stored, valid, refreshed, refreshed again.
func TestCodeIsExchangedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.server.Configure(func(b *standin.Behavior) { b.ReuseKillsFamily = true })
	code := w.code()

	first := w.token(code)
	w.counts(1, 0, 0)
	// One entry has the login, the other is for its refresh token.
	if entries, err := filepath.Glob(filepath.Join(w.directory, "*.v2")); err != nil || len(entries) != 2 {
		t.Errorf("got entries %v and error %v, want two entries", entries, err)
	}
	if again := w.token(code); !again.AccessToken.Equal(first.AccessToken) {
		t.Error("the next process got a different token")
	}
	w.counts(0, 0, 0)

	for range 2 {
		w.pass(55 * time.Minute)
		if renewed := w.token(code); renewed.AccessToken.Equal(first.AccessToken) {
			t.Error("a token that ends too soon was handed out")
		}
		w.counts(0, 1, 0)
	}
}

func TestCodeWithoutCacheIsNotSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	code := w.code()

	process := w.engineOn(cache.NewMemory())
	failsOn(w, process, code, func(err *engine.CacheRequiredError) bool { return err.Grant == oauth.AuthorizationCode })
	failsOn(w, process, profile("ada"), func(err *engine.CacheRequiredError) bool { return err.Grant == "" })
	w.counts(0, 0, 0)
	w.token(code)
}
