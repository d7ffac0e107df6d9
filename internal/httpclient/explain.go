package httpclient

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"net/url"
	"strings"

	"github.com/terraform-goto/terraform-provider-goto/internal/redact"
	"github.com/terraform-goto/terraform-provider-goto/internal/secret"
)

// Explain returns the error code of a reply from GoTo, which may be empty, and a reason to show: error and
// error_description (RFC 6749 section 5.2), the fields that GoTo's APIs and gateways use instead, or the text itself.
// Secrets are masked in both.
func Explain(status int, contentType string, body []byte, secrets []secret.Value) (code, reason string) {
	var reply struct {
		Error       any `json:"error"`
		Description any `json:"error_description"`
		Message     any `json:"message"`
		ErrorCode   any `json:"errorCode"`
		IntErrCode  any `json:"int_err_code"`
		Msg         any `json:"msg"`
	}
	body = TrimByteOrderMark(body)
	if json.Unmarshal(body, &reply) == nil {
		code := cmp.Or(text(reply.Error), text(reply.ErrorCode), text(reply.IntErrCode))
		description := cmp.Or(text(reply.Description), text(reply.Message), text(reply.Msg))
		if code != "" || description != "" {
			return redact.Text(code, secrets), Describe(code, description, secrets)
		}
	}
	trimmed := bytes.TrimSpace(body)
	switch {
	case status >= 300 && status < 400:
		return "", "a redirect, which is not followed because credentials must not travel to another address"
	case len(trimmed) == 0:
		return "", "an empty reply"
	case strings.Contains(strings.ToLower(contentType), "html") || trimmed[0] == '<':
		return "", "a web page instead of a reply, probably from a gateway or proxy"
	}
	return "", Describe("", string(trimmed), secrets)
}

// text returns value if it is a string. Fields of other types are ignored, so that the rest can explain the error.
func text(value any) string {
	text, _ := value.(string)
	return text
}

// Describe joins a server's error code and description, and masks secrets.
func Describe(code, description string, secrets []secret.Value) string {
	code, description = redact.Text(code, secrets), redact.Text(description, secrets)
	switch {
	case code == "" && description == "":
		return "no reason given"
	case description == "":
		return code
	case code == "":
		return description
	}
	return code + " (" + description + ")"
}

// Cause returns why a request failed, without the method and address that net/http adds.
func Cause(err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		return wrapped.Err
	}
	return err
}
