package bucket

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// Location is where objects are stored:
//
//	s3://bucket/prefix?region=…&endpoint=…&use_path_style=true
//	gs://bucket/prefix?endpoint=…
//	azblob://container/prefix?account=…&endpoint=…
//
// It contains no secret. Equal locations compare equal.
type Location struct {
	scheme   string
	bucket   string // a container on Azure
	prefix   string // without leading and trailing slashes
	account  string // on Azure
	region   string // on S3; from the environment if empty
	endpoint string // the cloud's own if empty

	usePathStyle bool // on S3: https://host/bucket/… instead of https://bucket.host/…
}

// cloud describes what differs between the three clouds in messages and locations.
type cloud struct {
	store       string // the cloud's name for a bucket
	bucketName  string // a regular expression for its name
	parameters  []string
	example     string
	credentials string // a sentence about where they come from
	permissions map[Operation]string
	open        func(Location) (driver, error)
}

var clouds = map[string]cloud{"s3": s3Cloud, "gs": gcsCloud, "azblob": azureCloud}

// Known reports whether location begins with a scheme of [ParseLocation].
func Known(location string) bool {
	scheme, _, found := strings.Cut(location, "://")
	_, known := clouds[scheme]
	return found && known
}

// ParseLocation parses a location, without accessing it. Its errors say what to write instead, and never repeat
// possible passwords.
func ParseLocation(text string) (Location, error) {
	scheme, _, _ := strings.Cut(text, "://")
	cloud, known := clouds[scheme]
	if !known {
		return Location{}, errors.New(`the location of a bucket begins with "s3://", "gs://" or "azblob://"`)
	}
	refuse := func(format string, arguments ...any) (Location, error) {
		return Location{}, fmt.Errorf("the %s:// location %s. Write a location like %q", scheme, fmt.Sprintf(format, arguments...), cloud.example)
	}
	// The parser's own error would repeat the text.
	parsed, err := url.Parse(text)
	switch {
	case strings.Contains(text, "@"):
		return refuse("contains an @, as in a user name or password. Credentials come from the environment")
	case err != nil:
		return refuse("is not a URL")
	case parsed.Port() != "":
		return refuse("has a port. It must begin with the name of the %s. To name a server, set endpoint", cloud.store)
	case !matches(cloud.bucketName, parsed.Host):
		return refuse("does not have a valid %s name after the slashes", cloud.store)
	case parsed.Fragment != "":
		return refuse("contains a #")
	}
	location := Location{scheme: scheme, bucket: parsed.Host, prefix: strings.Trim(parsed.Path, "/")}
	if location.prefix != "" && !matches(`^([A-Za-z0-9_=-][A-Za-z0-9._=-]*/)*[A-Za-z0-9_=-][A-Za-z0-9._=-]*$`, location.prefix) || len(location.prefix) > 500 {
		return refuse("has an invalid prefix. A prefix has up to 500 letters, digits and ._=- between single slashes")
	}
	parameters, err := url.ParseQuery(parsed.RawQuery)
	if err != nil {
		return refuse("has parameters that cannot be parsed")
	}
	for name, values := range parameters {
		switch {
		case !slices.Contains(cloud.parameters, name):
			return refuse("has a parameter other than %s. Credentials come from the environment", strings.Join(cloud.parameters, ", "))
		case len(values) > 1 || values[0] == "":
			return refuse("must have exactly one value for %s", name)
		}
	}
	location.region, location.account = parameters.Get("region"), parameters.Get("account")
	if location.region != "" && !matches(`^[a-z0-9-]{1,40}$`, location.region) {
		return refuse("has a region with characters other than lower-case letters, digits and hyphens")
	}
	if scheme == "azblob" && !matches(`^[a-z0-9]{3,24}$`, location.account) {
		return refuse("does not name the storage account, which has 3 to 24 lower-case letters and digits")
	}
	switch parameters.Get("use_path_style") {
	case "true":
		location.usePathStyle = true
	case "false", "":
	default:
		return refuse("has a use_path_style that is neither true nor false")
	}
	if endpoint := parameters.Get("endpoint"); endpoint != "" {
		if location.endpoint, err = parseEndpoint(endpoint); err != nil {
			return refuse("has an endpoint that %v", err)
		}
	}
	return location, nil
}

// parseEndpoint returns the base URL of a server, without a trailing slash. Its errors are predicates, such as "is not
// a URL".
func parseEndpoint(text string) (string, error) {
	parsed, err := url.Parse(text)
	switch {
	case err != nil || parsed.Hostname() == "" || parsed.Scheme != "https" && parsed.Scheme != "http":
		return "", errors.New(`is not a URL like "https://host"`)
	case parsed.User != nil || parsed.RawQuery != "" || parsed.ForceQuery || parsed.Fragment != "":
		return "", errors.New("has a user name, a query or a fragment")
	case parsed.Scheme == "http" && !isLoopback(parsed.Hostname()):
		return "", errors.New("is neither https nor a loopback address")
	}
	parsed.Host = strings.ToLower(parsed.Host)
	return strings.TrimRight(parsed.String(), "/"), nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

func matches(expression, text string) bool { return regexp.MustCompile(expression).MatchString(text) }

// String returns the location in its normal form.
func (l Location) String() string {
	parameters := url.Values{}
	for name, value := range map[string]string{"region": l.region, "account": l.account, "endpoint": l.endpoint} {
		if value != "" {
			parameters.Set(name, value)
		}
	}
	if l.usePathStyle {
		parameters.Set("use_path_style", "true")
	}
	return (&url.URL{Scheme: l.scheme, Host: l.bucket, Path: l.prefix, RawQuery: parameters.Encode()}).String()
}

// key returns the key of an object in its bucket.
func (l Location) key(name string) string {
	if l.prefix == "" {
		return name
	}
	return l.prefix + "/" + name
}

// object returns the location of the object called name, for messages.
func (l Location) object(name string) string {
	location := l.scheme + "://" + l.bucket + "/" + l.key(name)
	if l.account != "" {
		location += "?account=" + l.account
	}
	return location
}
