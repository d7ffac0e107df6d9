package standin_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/standin"
)

func TestLifetimes(t *testing.T) {
	t.Parallel()
	clock := newClock()
	server := start(t, standin.WithClock(clock.Now))
	server.Configure(func(b *standin.Behavior) {
		b.AccessTokenLifetime = time.Minute
		b.RefreshTokenLifetime = 2 * time.Minute
		b.CodeLifetime = 3 * time.Minute
	})
	code := server.IssueCode(standin.CodeRequest{})
	token := server.IssueRefreshToken()

	got := refresh(t, server, token)
	if got.body["expires_in"] != json.Number("60") {
		t.Errorf("got %s", got.text)
	}
	clock.Advance(2 * time.Minute)
	wantRefused(t, refresh(t, server, token), http.StatusBadRequest, "invalid_grant")
	wantGranted(t, exchange(t, server, code))
}

func TestRepliesCanBeChanged(t *testing.T) {
	t.Parallel()
	server := start(t)
	server.Configure(func(b *standin.Behavior) {
		b.ExtraReply = map[string]any{"expires_in": "3599", "organizer_key": "1"}
		b.OmitReply = []string{"scope"}
	})

	got := refresh(t, server, server.IssueRefreshToken())
	if got.str("expires_in") != "3599" || got.str("organizer_key") != "1" || got.body["scope"] != nil {
		t.Errorf("got %s", got.text)
	}
	refused := refresh(t, server, "dead")
	if refused.body["organizer_key"] != nil {
		t.Errorf("a refusal was changed as well: %s", refused.text)
	}
}
