"""What the operations of the Voice Marketplace take, by name; others take nothing but their path."""

from audiokit.emulator._described import Described

DESCRIBED = {
    "api_key.create": Described(
        body="expires_at:date-time",
    ),
    "login": Described(
        body="email! password! session_duration:integer",
    ),
    "calibration.create": Described(
        form="data!:file name!",
    ),
    "calibration.list": Described(
        query="direction limit:integer offset:integer search",
    ),
    "calibration.rename": Described(
        body="name!",
    ),
    "projects.list": Described(
        query="direction limit:integer offset:integer owner:uuid sort",
    ),
    "projects.create": Described(
        body="name! models:object owner:uuid",
    ),
    "projects.by_url": Described(
        query="project_url!",
    ),
    "projects.export": Described(
        query="starred_only:boolean",
    ),
    "projects.rename": Described(
        body="name!",
    ),
    "projects.update_models": Described(
        body="models!:object",
    ),
    "folders.list": Described(
        query="project_id!:uuid direction limit:integer offset:integer",
    ),
    "folders.create": Described(
        body="name! project_id!:uuid",
    ),
    "folders.rename": Described(
        body="name!",
    ),
    "recordings.create_tts_v1": Described(
        body="parent_folder_id!:uuid project_id!:uuid text! voice_id!:uuid label",
    ),
    "recordings.create_tts": Described(
        body="parent_folder_id!:uuid text! label text_language tts_voice_id:uuid",
    ),
    "models.list": Described(
        query="direction limit:integer offset:integer search sort",
    ),
    "recordings.conversion_order_v1": Described(
        body="models!:list original_id!:uuid calibration_id:uuid",
    ),
    "recordings.list": Described(
        query="direction folder_id:uuid limit:integer offset:integer project_id:uuid",
    ),
    "recordings.create": Described(
        form="data!:file parent_folder_id!:uuid label microphone",
    ),
    "recordings.list_originals": Described(
        query="folder_id!:uuid direction limit:integer offset:integer",
    ),
    "recordings.list_conversions": Described(
        query="original_id!:uuid direction limit:integer offset:integer",
    ),
    "recordings.export": Described(
        query="original_id!:uuid starred_only:boolean",
    ),
    "recordings.update": Described(
        body="label starred:boolean",
    ),
    "recordings.replace": Described(
        body="label! starred!:boolean",
    ),
    "notes.create": Described(
        body="recording_id!:uuid text!",
    ),
    "notes.update": Described(
        body="recording_id!:uuid text!",
    ),
    "notes.delete": Described(
        body="recording_id!:uuid",
    ),
    "notes.list": Described(
        query="folder_id!:uuid",
    ),
    "stats.projects": Described(
        query="project_ids:list",
        body="project_ids:list",
    ),
    "stats.folders": Described(
        query="folder_ids:list",
        body="folder_ids:list",
    ),
    "orders.create": Described(
        body=("conversions!:list original_id!:uuid calibration_id:uuid use_calibration:boolean"),
    ),
    "voices.list": Described(
        query=(
            "age_group:list direction gender:list limit:integer nationality:list "
            "offset:integer pitch_group:list sort species:list visibility:list"
        ),
    ),
    "voices.search": Described(
        query="limit:integer name",
    ),
    "voices.settings": Described(
        body=("voice_id!:uuid accent_id:uuid narration_style_id:uuid semitones_correction:number"),
    ),
    "voices.favorite": Described(
        body="favorite!:boolean",
    ),
    "accents.samples": Described(
        query="accent_id!:uuid",
    ),
    "narration_styles.samples": Described(
        query="narration_style_id!:uuid",
    ),
    "recordings.download": Described(
        statuses=(200, 206, 416),
    ),
}
"""By the name of the route."""
