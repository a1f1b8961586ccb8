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
CREATE TABLE first_look (
	run INTEGER NOT NULL, 
	"row" INTEGER NOT NULL, 
	attempt INTEGER NOT NULL, 
	service_time FLOAT, 
	local_time FLOAT NOT NULL, 
	PRIMARY KEY (run, "row", attempt)
);
INSERT INTO "first_look" VALUES(1,4,1,50000.0,7.0);
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
	"key" BLOB NOT NULL, 
	body TEXT NOT NULL, 
	state TEXT NOT NULL, 
	attempts INTEGER DEFAULT '0' NOT NULL, 
	rounds INTEGER DEFAULT '0' NOT NULL, 
	sent_at FLOAT, 
	settled_at FLOAT, 
	remote_id BIGINT, 
	named_id BIGINT, 
	"before" TEXT, 
	updated_on FLOAT, 
	field TEXT, 
	message TEXT, 
	seal BLOB NOT NULL, 
	PRIMARY KEY (run, "row"), 
	CONSTRAINT known_state CHECK (state = 'planned' OR state IN ('planned', 'in doubt', 'created', 'existing', 'held', 'rejected', 'review', 'updating', 'updated', 'overtaken', 'removing', 'removed', 'restoring', 'restored'))
)
 WITHOUT ROWID

;
INSERT INTO "intent" VALUES(1,2,1,X'00000000000000000000000000000002',X'00000000000000000000000000000066','{"ResourceId":1002,"CoworkerId":2002,"Name":"Room 2","SubscriptionExpireDate":"2031-01-01T00:00:00Z","SubscriptionId":"s2","CalendarId":"c2"}','created',1,0,3.0,4.0,71,NULL,NULL,NULL,NULL,NULL,X'9C69DC63AE2814F2F770023B5749271E');
INSERT INTO "intent" VALUES(1,3,1,X'00000000000000000000000000000003',X'00000000000000000000000000000067','{"ResourceId":1003,"CoworkerId":2003,"Name":"Room 3","SubscriptionExpireDate":"2031-01-01T00:00:00Z","SubscriptionId":"s3","CalendarId":"c3"}','rejected',1,0,3.0,4.0,NULL,NULL,NULL,NULL,NULL,'No.',X'D0A08006AB290BD94973C5862AAA6046');
INSERT INTO "intent" VALUES(1,4,1,X'00000000000000000000000000000004',X'00000000000000000000000000000068','{"ResourceId":1004,"CoworkerId":2004,"Name":"Room 4","SubscriptionExpireDate":"2031-01-01T00:00:00Z","SubscriptionId":"s4","CalendarId":"c4"}','in doubt',1,0,3.0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,X'6A32CFEFF509E8B12BF8324BDBFB683F');
INSERT INTO "intent" VALUES(1,5,1,X'00000000000000000000000000000005',X'00000000000000000000000000000069','{"ResourceId":1005,"CoworkerId":2005,"Name":"Room 5","SubscriptionExpireDate":"2031-01-01T00:00:00Z","SubscriptionId":"s5","CalendarId":"c5"}','review',1,0,3.0,4.5,NULL,NULL,NULL,NULL,NULL,'Look.',X'731169279542AB8E58CFFA1E70EF06F2');
INSERT INTO "intent" VALUES(1,6,1,X'00000000000000000000000000000006',X'0000000000000000000000000000006A','{"ResourceId":1006,"CoworkerId":2006,"Name":"Room 6","SubscriptionExpireDate":"2031-01-01T00:00:00Z","SubscriptionId":"s6","CalendarId":"c6"}','updated',1,0,5.0,6.0,86,NULL,'{"Id": 86, "ResourceId": 1006, "CoworkerId": 2006, "Name": "Before", "SubscriptionExpireDate": "2031-01-01T00:00:00Z", "SubscriptionId": "s6", "CalendarId": "c6", "UpdatedOn": "2026-11-20T10:00:00Z"}',6.0,NULL,'Updated.',X'57E8F0EFDFEEB0D703B7E73E3B0626D5');
INSERT INTO "intent" VALUES(1,7,1,X'00000000000000000000000000000007',X'0000000000000000000000000000006B','{"ResourceId":1007,"CoworkerId":2007,"Name":"Room 7","SubscriptionExpireDate":"2031-01-01T00:00:00Z","SubscriptionId":"s7","CalendarId":"c7"}','updating',1,0,5.0,NULL,87,NULL,'{"Id": 87, "ResourceId": 1007, "CoworkerId": 2007, "Name": "Before", "SubscriptionExpireDate": "2031-01-01T00:00:00Z", "SubscriptionId": "s7", "CalendarId": "c7", "UpdatedOn": "2026-11-20T10:00:00Z"}',NULL,NULL,NULL,X'DEAB2F424C573B36A765F7ACAF7F9A37');
INSERT INTO "intent" VALUES(1,8,1,X'00000000000000000000000000000008',X'0000000000000000000000000000006C','{"ResourceId":1008,"CoworkerId":2008,"Name":"Room 8","SubscriptionExpireDate":"2031-01-01T00:00:00Z","SubscriptionId":"s8","CalendarId":"c8"}','planned',0,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,X'7096677E08840C4C199F120E5FCA5187');
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
CREATE TABLE listed_before (
	run INTEGER NOT NULL, 
	ids BLOB NOT NULL, 
	PRIMARY KEY (run)
);
INSERT INTO "listed_before" VALUES(1,X'789C3362808030281D0EA5010CE000E0');
CREATE TABLE mark (
	mark TEXT NOT NULL, 
	run INTEGER NOT NULL, 
	"row" INTEGER NOT NULL, 
	attempt INTEGER NOT NULL, 
	PRIMARY KEY (mark)
)
 WITHOUT ROWID

;
CREATE TABLE meta (
	"key" TEXT NOT NULL, 
	value TEXT, 
	PRIMARY KEY ("key")
);
INSERT INTO "meta" VALUES('schema_version','6');
CREATE TABLE pick (
	account TEXT NOT NULL, 
	path TEXT NOT NULL, 
	name TEXT NOT NULL, 
	remote_id BIGINT NOT NULL, 
	PRIMARY KEY (account, path, name)
);
CREATE TABLE rebuilt (
	target INTEGER NOT NULL, 
	service_time FLOAT, 
	local_time FLOAT NOT NULL, 
	PRIMARY KEY (target)
);
CREATE TABLE run (
	id INTEGER NOT NULL, 
	target INTEGER, 
	kind TEXT NOT NULL, 
	url TEXT NOT NULL, 
	endpoint TEXT NOT NULL, 
	account TEXT, 
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
INSERT INTO "run" VALUES(1,1,'CoworkerMsOfficeCalendar','https://spaces.nexudus.com','spaces/coworkermsoffecalendars','spaces.nexudus.com/ana@example.com','','','rows.csv','0000000000000000000000000000000000000000000000000000000000000000','/tmp/copy','{"format": 1}','/tmp/reports/1',NULL,1.0,2.0,NULL,NULL,NULL,0,7);
CREATE TABLE target (
	id INTEGER NOT NULL, 
	host TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (host, kind)
);
INSERT INTO "target" VALUES(1,'spaces.nexudus.com','CoworkerMsOfficeCalendar');
CREATE INDEX issues_by_row ON issue (run, "row");
CREATE INDEX writes_by_time ON call (account, write, at);
CREATE INDEX calls_by_arrival ON call (account, arrived);
CREATE INDEX writes_by_arrival ON call (account, write, arrived);
CREATE INDEX marks_by_row ON mark (run, "row");
CREATE UNIQUE INDEX one_row_an_id ON intent (target, remote_id) WHERE state IN ('created', 'removing');
CREATE UNIQUE INDEX one_unanswered ON intent (target, "key") WHERE state IN ('in doubt', 'review', 'updating');
CREATE INDEX claims_by_key ON intent (target, "key") WHERE state IN ('created', 'in doubt', 'removing', 'restoring', 'review', 'updated', 'updating');
CREATE INDEX changed_ids ON intent (target, remote_id) WHERE state IN ('restored', 'restoring', 'updated', 'updating');
COMMIT;
