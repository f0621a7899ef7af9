using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Microsoft.ML.FeatureMining.Models;

/// <summary>Converts manifests of older formats to the current one, so that models saved by older versions still load.</summary>
internal static class ManifestUpgrade
{
    /// <summary>Leaves current and invalid manifests unchanged; reading them reports the errors.</summary>
    public static JsonNode? ToCurrent(JsonNode? manifest)
    {
        if (manifest is JsonObject first && first["format_version"] is JsonValue version && version.TryGetValue(out int number) && number == 1)
        {
            FromVersion1(first);
        }

        return manifest;
    }

    // Version 1 stored the settings of a head in its key, and used other names.
    private static void FromVersion1(JsonObject manifest)
    {
        manifest["format_version"] = 2;
        Rename(manifest, "deviation", "std");
        Rename(manifest["preprocessing"] as JsonObject, "crop_share", "crop_ratio");
        if (Text(manifest["end"]) == "cancelled")
        {
            manifest["end"] = "canceled";
        }

        if (Text(manifest["head"]) is { } head)
        {
            manifest["head"] = Head(head);
        }

        IEnumerable<JsonObject>? strategies = ((manifest["recipe"] as JsonObject)?["strategies"] as JsonArray)?.OfType<JsonObject>();
        manifest["fixed_mask"] = strategies?.FirstOrDefault(strategy => Text(strategy["key"]) == "fixed-mask")?["kept"]?.DeepClone();
    }

    /// <summary>
    /// Parses the head key of version 1: <c>ssm-4-individual-all-only-3</c>, <c>dual-pool-dropout-0.2</c>, <c>3fc</c>, <c>vgg-patches-256</c>.
    /// </summary>
    private static JsonObject Head(string key)
    {
        if (Regex.Match(key, @"^(linear|dual-pool)(?:-dropout-(0?\.\d+))?$") is { Success: true } linear)
        {
            JsonObject head = new() { ["key"] = "linear", ["dual_pool"] = linear.Groups[1].Value == "dual-pool" };
            if (linear.Groups[2].Success)
            {
                head["dropout"] = double.Parse(linear.Groups[2].Value, CultureInfo.InvariantCulture);
            }

            return head;
        }

        if (Regex.Match(key, @"^ssm(?:-(\d{1,2}))?(-individual)?(-all)?(?:-only-(\d{1,2}))?$") is { Success: true } ssm)
        {
            return new JsonObject
            {
                ["key"] = "ssm",
                ["splits"] = Number(ssm.Groups[1]) ?? 4,
                ["individual_losses"] = ssm.Groups[2].Success,
                ["normalize_all"] = ssm.Groups[3].Success,
                ["only"] = Number(ssm.Groups[4]),
            };
        }

        return Regex.Match(key, @"^(\d)fc$") is { Success: true } parallel ? new JsonObject { ["key"] = "parallel", ["layers"] = Number(parallel.Groups[1]) }
            : Regex.Match(key, @"^vgg-patches-(\d{1,5})$") is { Success: true } patches
                ? new JsonObject { ["key"] = "vgg-patches", ["hidden_units"] = Number(patches.Groups[1]) }
            : new JsonObject { ["key"] = key };
    }

    private static int? Number(Group digits) => digits.Success ? int.Parse(digits.Value, CultureInfo.InvariantCulture) : null;

    private static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue(out string? text) ? text : null;

    private static void Rename(JsonObject? owner, string from, string to)
    {
        if (owner is not null && owner.Remove(from, out JsonNode? value))
        {
            owner[to] = value;
        }
    }
}
