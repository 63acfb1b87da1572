module openhouse.example/packages/web

go 1.26.0

require (
	github.com/a-h/templ v0.3.977
	github.com/go-chi/chi/v5 v5.5.0
	github.com/golang-jwt/jwt/v5 v5.3.1
	github.com/google/go-cmp v0.7.0
	github.com/google/uuid v1.6.0
	go.uber.org/goleak v1.3.0
	openhouse.example/packages/config v0.0.0
	openhouse.example/packages/db v0.0.0
	openhouse.example/packages/ui v0.0.0
)

require (
	github.com/jackc/pgpassfile v1.0.0 // indirect
	github.com/jackc/pgservicefile v0.0.0-20240606120523-5a60cdf6a761 // indirect
	github.com/jackc/pgx/v5 v5.12.0 // indirect
	github.com/kelseyhightower/envconfig v1.4.0 // indirect
	golang.org/x/text v0.43.0 // indirect
)

replace (
	openhouse.example/migrations => ../../migrations
	openhouse.example/packages/config => ../config
	openhouse.example/packages/db => ../db
	openhouse.example/packages/pgdev => ../pgdev
	openhouse.example/packages/ui => ../ui
)
