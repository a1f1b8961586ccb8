BEGIN TRANSACTION;
CREATE TABLE call (
	id INTEGER NOT NULL, 
	account TEXT NOT NULL, 
	at FLOAT NOT NULL, 
	arrived FLOAT NOT NULL, 
	write BOOLEAN NOT NULL, 
	PRIMARY KEY (id)
);
CREATE TABLE directory (
	account TEXT NOT NULL, 
	path TEXT NOT NULL, 
	fetched FLOAT NOT NULL, 
	entries TEXT NOT NULL, 
	PRIMARY KEY (account, path)
);
CREATE TABLE hold (
	account TEXT NOT NULL, 
	until FLOAT NOT NULL, 
	PRIMARY KEY (account)
);
CREATE TABLE intent (
	run INTEGER NOT NULL, 
	"row" INTEGER NOT NULL, 
	target INTEGER NOT NULL, 
	identity BLOB NOT NULL, 
	body TEXT NOT NULL, 
	state TEXT NOT NULL, 
	attempts INTEGER DEFAULT '0' NOT NULL, 
	rounds INTEGER DEFAULT '0' NOT NULL, 
	sent_at FLOAT, 
	settled_at FLOAT, 
	remote_id BIGINT, 
	field TEXT, 
	message TEXT, 
	seal BLOB NOT NULL, 
	PRIMARY KEY (run, "row"), 
	CONSTRAINT known_state CHECK (state = 'planned' OR state IN ('planned', 'in doubt', 'created', 'existing', 'rejected', 'review', 'removing', 'removed'))
)
 WITHOUT ROWID

;
INSERT INTO "intent" VALUES(1,2,1,X'00000000000000000000000000000002','{"ResourceId":1002,"CoworkerId":2002,"Name":"Room 2","SubscriptionExpireDate":"2031-01-01T00:00:00Z","SubscriptionId":"s2","CalendarId":"c2"}','created',1,0,1000.0,1001.0,77,NULL,NULL,X'891A1D017D981BA8CABBFB5FA86CE89E');
INSERT INTO "intent" VALUES(1,3,1,X'00000000000000000000000000000003','{"ResourceId":1003,"CoworkerId":2003,"Name":"Room 3","SubscriptionExpireDate":"2031-01-01T00:00:00Z","SubscriptionId":"s3","CalendarId":"c3"}','rejected',1,0,1000.0,1001.0,NULL,'Name','No.',X'D0A08006AB290BD94973C5862AAA6046');
INSERT INTO "intent" VALUES(1,4,1,X'00000000000000000000000000000004','{"ResourceId":1004,"CoworkerId":2004,"Name":"Room 4","SubscriptionExpireDate":"2031-01-01T00:00:00Z","SubscriptionId":"s4","CalendarId":"c4"}','in doubt',1,0,1000.0,NULL,NULL,NULL,NULL,X'6A32CFEFF509E8B12BF8324BDBFB683F');
INSERT INTO "intent" VALUES(1,5,1,X'00000000000000000000000000000005','{"ResourceId":1005,"CoworkerId":2005,"Name":"Room 5","SubscriptionExpireDate":"2031-01-01T00:00:00Z","SubscriptionId":"s5","CalendarId":"c5"}','planned',0,0,NULL,NULL,NULL,NULL,NULL,X'64BA3ED87E57E11B9A4C130D72AA7EFE');
INSERT INTO "intent" VALUES(1,6,1,X'00000000000000000000000000000006','{"ResourceId":1006,"CoworkerId":2006,"Name":"Room 6","SubscriptionExpireDate":"2031-01-01T00:00:00Z","SubscriptionId":"s6","CalendarId":"c6"}','planned',0,0,NULL,NULL,NULL,NULL,NULL,X'3040FB8975FB83B8F1DDE859B476014F');
CREATE TABLE issue (
	id INTEGER NOT NULL, 
	run INTEGER NOT NULL, 
	"row" INTEGER, 
	cell TEXT, 
	label TEXT, 
	field TEXT, 
	code TEXT, 
	value TEXT, 
	detail TEXT, 
	PRIMARY KEY (id)
);
CREATE TABLE meta (
	"key" TEXT NOT NULL, 
	value TEXT, 
	PRIMARY KEY ("key")
);
INSERT INTO "meta" VALUES('schema_version','1');
CREATE TABLE pick (
	account TEXT NOT NULL, 
	path TEXT NOT NULL, 
	name TEXT NOT NULL, 
	remote_id BIGINT NOT NULL, 
	PRIMARY KEY (account, path, name)
);
CREATE TABLE run (
	id INTEGER NOT NULL, 
	target INTEGER, 
	kind TEXT NOT NULL, 
	url TEXT NOT NULL, 
	endpoint TEXT NOT NULL, 
	user TEXT DEFAULT '' NOT NULL, 
	space TEXT DEFAULT '' NOT NULL, 
	file TEXT NOT NULL, 
	sha256 TEXT NOT NULL, 
	copy TEXT NOT NULL, 
	options TEXT NOT NULL, 
	folder TEXT NOT NULL, 
	parent INTEGER, 
	started FLOAT NOT NULL, 
	planned FLOAT, 
	stopped FLOAT, 
	finished FLOAT, 
	exit_code INTEGER, 
	stop BOOLEAN DEFAULT 0 NOT NULL, 
	rows INTEGER DEFAULT '0' NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(target) REFERENCES target (id)
);
INSERT INTO "run" VALUES(1,1,'CoworkerMsOfficeCalendar','http://127.0.0.1','coworkermsoffecalendars','','','rows.csv','0000000000000000000000000000000000000000000000000000000000000000','/folder/copy','{}','',NULL,1.0,2.0,NULL,NULL,NULL,0,5);
CREATE TABLE target (
	id INTEGER NOT NULL, 
	account TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (account, kind)
);
INSERT INTO "target" VALUES(1,'127.0.0.1/ops@example.com','CoworkerMsOfficeCalendar');
CREATE UNIQUE INDEX one_row_an_id ON intent (target, remote_id) WHERE state IN ('created', 'removing');
CREATE UNIQUE INDEX one_claim ON intent (target, identity) WHERE state IN ('created', 'in doubt', 'removing', 'review');
CREATE INDEX issues_by_row ON issue (run, "row");
CREATE INDEX calls_by_arrival ON call (account, arrived);
CREATE INDEX writes_by_time ON call (account, write, at);
CREATE INDEX writes_by_arrival ON call (account, write, arrived);
COMMIT;
