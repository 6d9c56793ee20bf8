-- Run once, when the server makes its data directory. The image itself makes the database `madang` and its user.
-- `madang replay` builds new views in a database beside the old ones, which it makes and drops itself.
GRANT ALL ON `madang\_replay`.* TO 'madang'@'%';
