package oauth_test

import (
	"encoding/base64"
	"testing"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
	"github.com/terraform-goto/terraform-provider-goto/internal/secret"
)

func TestRefreshTokenExpiry(t *testing.T) {
	t.Parallel()
	jwt := func(payload string) string {
		return "e30." + base64.RawURLEncoding.EncodeToString([]byte(payload)) + ".c2ln"
	}
	end := time.Date(2027, 1, 2, 3, 4, 5, 0, time.UTC)
	for token, want := range map[string]time.Time{
		jwt(`{"exp":1798859045}`):              end,
		jwt(`{"exp":1798859045.9,"x":[1]}`):    end,
		jwt(`{"exp":1}`):                       {},
		jwt(`{"exp":1e30}`):                    {},
		jwt(`{"exp":"1798859045"}`):            {},
		jwt(`{}`):                              {},
		jwt(`[]`):                              {},
		"e30.%%%.c2ln":                         {},
		"an opaque token":                      {},
		"":                                     {},
		"e30." + "eyJleHAiOjE3OTg4NTkwNDV9":    {},
		jwt(`{"exp":1798859045}`) + ".further": {},
	} {
		if got := oauth.RefreshTokenExpiry(secret.New(token)); !got.Equal(want) {
			t.Errorf("%q expires at %s, want %s", token, got, want)
		}
	}
}
