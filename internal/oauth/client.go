package oauth

import (
	"encoding/base64"
	"errors"
	"net/url"
	"strings"

	"github.com/terraform-goto/terraform-provider-goto/internal/redact"
	"github.com/terraform-goto/terraform-provider-goto/internal/secret"
)

// Client is an OAuth client as registered with GoTo (RFC 6749 section 2).
type Client struct {
	ID     string
	Secret secret.Value
	// RedirectURI is the registered address that the browser is sent to. It is empty if the authorize URL named none;
	// then a token request must not name one either (RFC 6749 section 4.1.3).
	RedirectURI string
}

// basicCredentials returns the user-pass of the Basic header (RFC 7617). ID and secret are raw:
// GoTo does not decode what RFC 6749 section 2.3.1 asks clients to URL-encode.
func (c Client) basicCredentials() string {
	return base64.StdEncoding.EncodeToString([]byte(c.ID + ":" + c.Secret.Reveal()))
}

// CheckClientID returns an error if id cannot be sent as a client identifier. A colon would end the user name in the
// Basic header (RFC 7617 section 2).
func CheckClientID(id string) error {
	if strings.Contains(id, ":") {
		return errors.New("a client ID contains no colon; this looks like a client ID and a client secret in one")
	}
	return CheckCredential(id)
}

// CheckCredential returns an error if text cannot be a client secret or a token. The error does not repeat it.
func CheckCredential(text string) error {
	switch {
	case text == "":
		return errors.New("it is an empty string; leave the argument out instead")
	case strings.TrimSpace(text) != text:
		return ErrWhiteSpace
	case strings.ContainsFunc(text, redact.IsControl):
		return errors.New("it contains a line break or another control character")
	}
	return nil
}

// ErrWhiteSpace is what [CheckCredential] returns for leading or trailing white space. The source of the text
// determines how to remove it, so callers add that.
var ErrWhiteSpace = errors.New("it starts or ends with white space, which usually comes from copying")

// CheckRedirectURI returns an error if uri cannot be a redirection endpoint (RFC 6749 section 3.1.2: absolute, without
// a fragment).
func CheckRedirectURI(uri string) error {
	if err := CheckCredential(uri); err != nil {
		return err // about white space, which url.Parse accepts in a path
	}
	parsed, err := url.Parse(uri)
	if err != nil || !parsed.IsAbs() || parsed.Host+parsed.Path == "" {
		return errors.New("it is not an absolute URI; copy it exactly as it is registered for the OAuth client, starting with https:// or http://")
	}
	if strings.Contains(uri, "#") {
		return errors.New("it must not have a fragment (#)")
	}
	return nil
}
