package bucket

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// failure is an SDK's error, in the same form for all clouds.
type failure struct {
	reason     Reason
	status     int    // of the answer; 0 without one
	code       string // the cloud's error code
	detail     string // the cloud's message, without secrets
	retryAfter time.Duration
	region     string // where an S3 bucket is, if the answer says so
	sent       bool   // there was no answer, and the request may have arrived
	cause      error
}

// maybeWritten reports whether a write may have taken place. It has not if the store refused or redirected it.
func (f failure) maybeWritten() bool {
	failed := f.status >= http.StatusInternalServerError && f.status != http.StatusNotImplemented
	return f.sent || failed || f.status != 0 && f.status < http.StatusMultipleChoices
}

// answerFailure interprets an answer. reasons maps the codes that say more than their status.
func answerFailure(status int, header http.Header, code, message string, reasons map[string]Reason) failure {
	f := failure{status: status, code: clean(code), detail: clean(message)}
	if seconds, err := strconv.Atoi(header.Get("Retry-After")); err == nil && seconds > 0 {
		f.retryAfter = time.Duration(min(seconds, 3600)) * time.Second
	}
	if reason, known := reasons[code]; known {
		f.reason = reason
		return f
	}
	switch {
	case status == http.StatusUnauthorized:
		f.reason = Refused
	case status == http.StatusForbidden:
		f.reason = Denied
	case status == http.StatusPreconditionFailed:
		f.reason = Conflict
	case status == http.StatusTooManyRequests, status == http.StatusServiceUnavailable, status == http.StatusRequestTimeout:
		f.reason = Busy
	case status >= http.StatusInternalServerError && status != http.StatusNotImplemented:
		f.reason = Broken
	default:
		f.reason = Unexpected
	}
	return f
}

// fail returns an error that explains a failure.
func (b *Bucket) fail(operation Operation, name string, f failure) *Error {
	cloud := clouds[b.location.scheme]
	failed := &Error{Operation: operation, Object: b.location.object(name), Reason: f.reason, cause: f.cause}
	switch f.reason {
	case NotFound:
		failed.Problem = "there is no such object"
	case Conflict:
		failed.Problem = "its version is not the expected one"
	case NoBucket:
		failed.Problem = "the " + cloud.store + " does not exist"
		failed.Remedy = "Create it, or correct its name in the location"
	case NoCredentials:
		failed.Problem = "there are no usable credentials"
		failed.Remedy = cloud.credentials
	case Refused:
		failed.Problem = "the credentials are not accepted"
		failed.Remedy = cloud.credentials
	case Expired:
		failed.Problem = "the credentials have expired"
		failed.Remedy = "Renew them. " + cloud.credentials
	case Denied:
		failed.Problem = "the permission is missing"
		failed.Remedy = cloud.permissions[operation]
	case OtherRegion:
		failed.Problem = "the " + cloud.store + " is in another region"
		failed.Remedy = "Set the bucket's region in the location, or in AWS_REGION"
		if f.region != "" {
			failed.Remedy = "Add region=" + f.region + " to the location"
		}
	case ClockSkew:
		failed.Problem = "this machine's clock is wrong"
		failed.Remedy = "Set the clock"
	case Busy:
		failed.Problem = "the store is asking for fewer requests"
		failed.Remedy = "Try again later, or start fewer runs at once"
	case Broken:
		failed.Problem = "the store failed"
		failed.Remedy = "Try again later"
	case NoAnswer:
		failed.Problem = "the store did not answer in time"
		if f.detail != "" {
			failed.Problem = "the connection to the store broke"
		}
		failed.Remedy = "Check the network and the proxy, and try again"
	case Unreachable:
		failed.Problem = "the store cannot be reached"
		failed.Remedy = "Check the location, the network and the proxy"
	case Untrusted:
		failed.Problem = "this machine cannot make a secure connection to the store"
		failed.Remedy = "Check the endpoint, and check that this machine trusts the certificate authority"
	case Canceled:
		failed.Problem = "the run was canceled or timed out"
	case TooLarge:
		failed.Problem = fmt.Sprintf("it is larger than %d bytes, so this provider did not write it", MaxSize)
		failed.Remedy = "Use a location that nothing else writes to"
	case Unconditional:
		failed.Problem = "the store does not support conditional writes"
		failed.Remedy = "Machines would overwrite each other's objects. Use a store that supports If-Match and If-None-Match"
	case Misconfigured:
		failed.Problem = "the client cannot be set up"
		failed.Remedy = "Correct the environment or the location"
	default:
		failed.Reason, failed.Problem = Unexpected, "the store gave an unexpected answer"
	}
	failed.Problem += f.quotation()
	return failed
}

// quotation returns the error of the store or SDK, in parentheses.
func (f failure) quotation() string {
	if f.reason == NotFound || f.reason == Conflict {
		return ""
	}
	answer := f.code
	if f.status != 0 {
		answer = strings.TrimSpace(fmt.Sprintf("%d %s", f.status, f.code))
	}
	switch {
	case answer == "" && f.detail == "":
		return ""
	case answer == "":
		return " (" + f.detail + ")"
	case f.detail == "":
		return " (" + answer + ")"
	}
	return " (" + answer + ": " + f.detail + ")"
}
