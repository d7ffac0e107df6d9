package oauth

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/httpclient"
	"github.com/terraform-goto/terraform-provider-goto/internal/redact"
	"github.com/terraform-goto/terraform-provider-goto/internal/secret"
)

const (
	// defaultLifetime replaces an absent or unreadable expires_in. It is the lifetime that GoTo documents.
	defaultLifetime = time.Hour
	// maxLifetime limits expires_in to the lifetime of a refresh token, so that an absurd value neither overflows nor
	// keeps a token in use forever.
	maxLifetime = 30 * 24 * time.Hour
	// maxTokenLength limits a token, in bytes. GoTo documents up to 4096 characters.
	maxTokenLength = 64 << 10
)

// Token is a successful reply of the token endpoint (RFC 6749 section 5.1).
type Token struct {
	AccessToken secret.Value
	// RefreshToken is empty if the reply had none. After a refresh, the one that was sent stays in use.
	RefreshToken secret.Value
	Lifetime     time.Duration // expires_in, from the moment of the reply; at least 0
	Scope        string        // as sent, space-separated
	Principal    string        // who signed in, usually an e-mail address; GoTo's own field
}

// decodeToken parses the body of a successful reply. Its errors repeat nothing from the reply.
func decodeToken(body []byte) (Token, error) {
	var reply struct {
		AccessToken  any             `json:"access_token"`
		TokenType    any             `json:"token_type"`
		RefreshToken any             `json:"refresh_token"`
		ExpiresIn    json.RawMessage `json:"expires_in"`
		Scope        any             `json:"scope"`
		Principal    any             `json:"principal"`
	}
	body = httpclient.TrimByteOrderMark(body)
	if len(bytes.TrimSpace(body)) == 0 {
		return Token{}, errors.New("the reply is empty")
	}
	if err := json.Unmarshal(body, &reply); err != nil {
		return Token{}, errors.New("the reply is not a JSON object")
	}
	accessToken, isText := reply.AccessToken.(string)
	switch {
	case reply.AccessToken == nil:
		return Token{}, errors.New("the reply has no access_token")
	case !isText || accessToken == "":
		return Token{}, errors.New("the access_token in the reply is empty or not a string")
	case len(accessToken) > maxTokenLength:
		return Token{}, errors.New("the access_token in the reply is longer than 64 KiB")
	case strings.ContainsFunc(accessToken, func(r rune) bool { return r < '!' || r > '~' }):
		return Token{}, errors.New("the access_token in the reply has characters that a header cannot contain")
	}
	if tokenType, isText := reply.TokenType.(string); reply.TokenType != nil &&
		(!isText || !strings.EqualFold(tokenType, "bearer")) {
		return Token{}, errors.New("the token_type in the reply is not Bearer")
	}
	refreshToken := text(reply.RefreshToken)
	if len(refreshToken) > maxTokenLength {
		return Token{}, errors.New("the refresh_token in the reply is longer than 64 KiB")
	}
	return Token{
		AccessToken:  secret.New(accessToken),
		RefreshToken: secret.New(refreshToken),
		Lifetime:     lifetime(reply.ExpiresIn),
		Scope:        printable(text(reply.Scope)),
		Principal:    printable(text(reply.Principal)),
	}, nil
}

// text returns value if it is a string. Fields that nothing depends on never cause an error.
func text(value any) string {
	text, _ := value.(string)
	return text
}

// printable makes text safe to show on a terminal.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if redact.IsControl(r) {
			return ' '
		}
		return r
	}, text)
}

// lifetime parses expires_in, in seconds: a number, or a string, as GoTo once sent it.
func lifetime(raw json.RawMessage) time.Duration {
	seconds, err := strconv.ParseFloat(strings.Trim(string(raw), `" `), 64)
	switch {
	case err != nil && !errors.Is(err, strconv.ErrRange), math.IsNaN(seconds): // out of range is infinite
		return defaultLifetime
	case seconds <= 0:
		return 0
	case seconds >= maxLifetime.Seconds():
		return maxLifetime
	}
	return time.Duration(seconds) * time.Second
}
