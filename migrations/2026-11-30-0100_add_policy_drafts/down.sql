DROP TABLE policy_flips;
DROP TABLE policy_trials;
DROP TABLE policy_proposals;
DROP TABLE policy_texts;
DROP TABLE policy_drafts;
