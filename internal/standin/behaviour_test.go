package standin_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"runtime"
	"testing"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/standin"
)

func TestInvalidGrantStatus(t *testing.T) {
	t.Parallel()
	server := start(t)
	server.Configure(func(b *standin.Behaviour) { b.InvalidGrantStatus = http.StatusUnauthorized })

	wantRefused(t, refresh(t, server, "dead"), http.StatusUnauthorized, "invalid_grant")
}

func TestLifetimes(t *testing.T) {
	t.Parallel()
	clock := newClock()
	server := start(t, standin.WithClock(clock.Now))
	server.Configure(func(b *standin.Behaviour) {
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
	server.Configure(func(b *standin.Behaviour) {
		b.ExtraReply = map[string]any{"expires_in": "3599", "organizer_key": "1"}
		b.OmitReply = []string{"scope"}
	})

	got := refresh(t, server, server.IssueRefreshToken())
	if got.str("expires_in") != "3599" || got.str("organizer_key") != "1" || got.body["scope"] != nil {
		t.Errorf("got %s", got.text)
	}
	refused := refresh(t, server, "dead")
	if refused.body["organizer_key"] != nil {
		t.Errorf("a refusal is changed as well: %s", refused.text)
	}
}

func TestInterceptAnswersFirst(t *testing.T) {
	t.Parallel()
	server := start(t)
	token := server.IssueRefreshToken()
	server.Configure(func(b *standin.Behaviour) {
		b.Intercept = func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path == "/oauth/token" && r.PostFormValue("refresh_token") != token {
				t.Error("the form cannot be read")
			}
			w.WriteHeader(http.StatusServiceUnavailable)
			return server.Counts().Token+server.Counts().Me > 0 // Counted already, and no deadlock.
		}
	})

	if got := refresh(t, server, token); got.status != http.StatusServiceUnavailable || got.text != "" {
		t.Errorf("token: %d %s", got.status, got.text)
	}
	if got := getMe(t, server, "any"); got.status != http.StatusServiceUnavailable || got.text != "" {
		t.Errorf("me: %d %s", got.status, got.text)
	}
	if got, want := server.Counts(), (standin.Counts{Token: 1, Refresh: 1, Me: 1}); got != want {
		t.Errorf("counts %+v, want %+v", got, want)
	}
}

func TestInterceptMayHoldOneRequestBack(t *testing.T) {
	t.Parallel()
	server := start(t)
	slow, fast := server.IssueRefreshToken(), server.IssueRefreshToken()
	arrived, gate := make(chan struct{}), make(chan struct{})
	server.Configure(func(b *standin.Behaviour) {
		b.Intercept = func(_ http.ResponseWriter, r *http.Request) bool {
			if r.PostFormValue("refresh_token") == slow {
				close(arrived)
				<-gate
			}
			return false
		}
	})

	held := make(chan reply, 1)
	go func() {
		defer close(held) // A failed request sends nothing.
		held <- refresh(t, server, slow)
	}()
	select {
	case <-arrived:
	case got := <-held:
		t.Fatalf("not held back: %d %s", got.status, got.text)
	}
	other := refresh(t, server, fast)
	close(gate)
	wantGranted(t, other)
	wantGranted(t, <-held)
}

func TestAnswersMayBeLostOrHeldBack(t *testing.T) {
	t.Parallel()
	server := start(t)
	first := server.IssueRefreshToken()
	gate := make(chan struct{})
	server.Configure(func(b *standin.Behaviour) {
		b.ReplaceRefreshToken = standin.Always
		b.BeforeAnswer = func(*http.Request) {
			if server.Counts().Granted == 1 { // Processed already, and no deadlock.
				panic(http.ErrAbortHandler)
			}
			<-gate
		}
	})

	request := newRequest(t, http.MethodPost, server.URL+"/oauth/token", url.Values{
		"grant_type": {"refresh_token"}, "refresh_token": {first},
	})
	request.SetBasicAuth(standin.ClientID, standin.ClientSecret)
	if response, err := http.DefaultClient.Do(request); err == nil {
		_ = response.Body.Close()
		t.Errorf("the answer is not lost: %s", response.Status)
	}
	newest := server.NewestRefreshToken()
	if newest == first || newest == "" {
		t.Error("the refresh token was not replaced")
	}

	held := make(chan reply, 1)
	go func() {
		defer close(held) // A failed request sends nothing.
		held <- refresh(t, server, newest)
	}()
	for server.Counts().Granted < 2 {
		select {
		case got := <-held:
			t.Fatalf("not held back: %d %s", got.status, got.text)
		default:
			runtime.Gosched()
		}
	}
	close(gate)
	wantGranted(t, <-held)
}
