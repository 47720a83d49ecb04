"""The fields of Telegram's messages and updates, sorted by what they mean to us (Bot API 10.3, August 2026)."""

from __future__ import annotations


def _names(words: str) -> frozenset[str]:
    return frozenset(words.split())


#: The parts of a message that are handed to python-telegram-bot. All else stays out, so that a new shape of a part that
#: nobody reads cannot make a complaint unreadable.
READ = _names("""
    message_id from chat date edit_date media_group_id text entities caption caption_entities photo document video voice
    audio video_note animation sticker live_photo location venue contact poll dice forward_origin quote
""")

#: Parts that say something about a message but are not its content.
ASIDE = _names("""
    reply_to_message external_reply reply_to_story reply_to_poll_option_id reply_to_checklist_task_id via_bot
    sender_chat sender_tag sender_boost_count sender_business_bot business_connection_id message_thread_id
    is_topic_message is_automatic_forward is_from_offline is_paid_post has_protected_content has_media_spoiler
    show_caption_above_media author_signature effect_id link_preview_options reply_markup paid_star_count
    suggested_post_info direct_messages_topic forward_from forward_from_chat forward_from_message_id forward_signature
    forward_sender_name forward_date guest_query_id guest_bot_caller_user guest_bot_caller_chat receiver_user
    ephemeral_message_id
""")

#: Telegram's notes about a chat, which nobody wrote.
SERVICE = _names("""
    new_chat_members left_chat_member new_chat_title new_chat_photo delete_chat_photo group_chat_created
    supergroup_chat_created channel_chat_created message_auto_delete_timer_changed migrate_to_chat_id
    migrate_from_chat_id pinned_message successful_payment refunded_payment user_shared users_shared chat_shared
    connected_website write_access_allowed proximity_alert_triggered boost_added chat_background_set forum_topic_created
    forum_topic_edited forum_topic_closed forum_topic_reopened general_forum_topic_hidden general_forum_topic_unhidden
    giveaway_created giveaway_completed video_chat_scheduled video_chat_started video_chat_ended
    video_chat_participants_invited gift unique_gift gift_upgrade_sent paid_message_price_changed
    direct_message_price_changed checklist_tasks_done checklist_tasks_added suggested_post_approved
    suggested_post_approval_failed suggested_post_declined suggested_post_paid suggested_post_refunded
    chat_owner_changed chat_owner_left poll_option_added poll_option_deleted managed_bot_created community_chat_added
    community_chat_removed
""")

#: The updates that carry a citizen's message.
MESSAGES = _names("message edited_message")

#: Updates that are no complaint; each is ignored with its name as the reason.
NOT_OURS = _names("""
    channel_post edited_channel_post inline_query chosen_inline_result callback_query shipping_query pre_checkout_query
    poll poll_answer chat_member chat_join_request chat_boost removed_chat_boost message_reaction message_reaction_count
    business_connection business_message edited_business_message deleted_business_messages purchased_paid_media
    managed_bot guest_message subscription
""")
