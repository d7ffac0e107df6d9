package oauth

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/terraform-goto/terraform-provider-goto/internal/httpclient"
	"github.com/terraform-goto/terraform-provider-goto/internal/redact"
	"github.com/terraform-goto/terraform-provider-goto/internal/secret"
)

const revocationPath = "/oauth/revoke"

// Revoke revokes an access token (RFC 7009 section 2.1). GoTo names the endpoint in its server metadata, but in no
// guide. Revoke does not retry, because the token expires by itself.
func (e *TokenEndpoint) Revoke(ctx context.Context, client Client, accessToken secret.Value) error {
	endpoint := e.Server.base + revocationPath
	form := url.Values{"token": {accessToken.Reveal()}, "token_type_hint": {"access_token"}}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint, strings.NewReader(form.Encode()))
	if err != nil {
		return fmt.Errorf("preparing the revocation: %w", err)
	}
	request.Header.Set("Authorization", "Basic "+client.basicCredentials())
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("User-Agent", e.UserAgent)

	secrets := []secret.Value{client.Secret, accessToken, secret.New(client.basicCredentials())}
	slot, err := e.limiter.acquire(ctx)
	if err != nil {
		return fmt.Errorf("POST %s: %w", endpoint, err)
	}
	defer slot.release()
	response, err := e.HTTP.Do(request)
	if err != nil {
		// Not wrapped, because net/http repeats what the server sent.
		return fmt.Errorf("POST %s: %s", endpoint, redact.Text(httpclient.Cause(err).Error(), secrets))
	}
	defer func() { _ = response.Body.Close() }() // not needed
	if response.StatusCode == http.StatusOK {
		return nil
	}
	body, err := httpclient.ReadBody(response.Body)
	if err != nil {
		body = nil // the status says enough
	}
	_, reason := httpclient.Explain(response.StatusCode, response.Header.Get("Content-Type"), body, secrets)
	return fmt.Errorf("POST %s: %s: %s", endpoint, response.Status, reason)
}
